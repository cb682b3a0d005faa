"""BATCH_TO_SPACE_ND: the end of a dilated convolution, see `_blocks.py`."""

from codegen.operators.layout.blocks import BlockMove


class BatchToSpaceNd(BlockMove):
    """Taken into the convolution on import."""

    kind = "BATCH_TO_SPACE_ND"


OPERATOR = BatchToSpaceNd()
