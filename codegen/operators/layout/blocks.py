"""SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: how the converter writes a dilated convolution.

Keras without a fixed batch becomes SPACE_TO_BATCH_ND, a convolution, BATCH_TO_SPACE_ND. The
importer makes one dilated convolution of it (`codegen.frontend.dilation`); alone they are refused.
"""

from collections.abc import Sequence
from typing import NoReturn

from codegen.ir.call import KernelCall
from codegen.ir.graph import Array, Graph, Operator
from codegen.operators.base import OperatorSpec
from codegen.operators.checks import unsupported


class BlockMove(OperatorSpec):
    """An operator that moves blocks between batch and space. It never reaches the passes."""

    def check(self, graph: Graph, operator: Operator) -> None:
        """Refuse: what stands around a convolution has become its dilation before."""
        self._refuse(graph, operator)

    def call(self, graph: Graph, operator: Operator) -> KernelCall | None:
        """Refuse, as `check`."""
        self._refuse(graph, operator)

    def reference(
        self, graph: Graph, operator: Operator, inputs: Sequence[Array | None]
    ) -> list[Array]:
        """Refuse, as `check`."""
        del inputs
        self._refuse(graph, operator)

    def _refuse(self, graph: Graph, operator: Operator) -> NoReturn:
        unsupported(
            graph,
            operator,
            "is supported only as the dilation of one CONV_2D or DEPTHWISE_CONV_2D of stride 1 "
            "between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND; convert with a fixed batch of 1",
        )
