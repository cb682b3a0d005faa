"""SPACE_TO_BATCH_ND: the start of a dilated convolution, see `blocks.py`."""

from codegen.operators.layout.blocks import BlockMove


class SpaceToBatchNd(BlockMove):
    """Taken into the convolution on import."""

    kind = "SPACE_TO_BATCH_ND"


OPERATOR = SpaceToBatchNd()
