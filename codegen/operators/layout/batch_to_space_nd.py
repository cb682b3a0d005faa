"""BATCH_TO_SPACE_ND: the end of a dilated convolution, see `blocks.py`."""

from codegen.operators.layout.blocks import BlockMove


class BatchToSpaceNd(BlockMove):
    """BATCH_TO_SPACE_ND, which the import takes into the convolution before it."""

    kind = "BATCH_TO_SPACE_ND"


OPERATOR = BatchToSpaceNd()
