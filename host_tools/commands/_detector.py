"""Options of the verbs that fit a detector."""

import argparse

from host_tools.detection.choice import AUTO, BASELINES, MOST_QUIET_ALARMS, Choice
from host_tools.detection.rule import Rule
from host_tools.formats.description import NO_NETWORK, TFLITE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the detector."""
    parser.add_argument(
        "--network",
        choices=(TFLITE, NO_NETWORK),
        help=f"{NO_NETWORK}: a product without one, which scores levels and innovations alone; no"
        " TensorFlow is needed (default: as model.toml of --model says)",
    )
    parser.add_argument(
        "--baseline",
        choices=BASELINES,
        default=AUTO,
        help="what is normal: the training rows, or what a device learns from its first rows;"
        " by the data when not given",
    )
    parser.add_argument(
        "--learn-rows",
        type=int,
        default=Rule.learn_rows,
        help="rows from which a device learns its own baseline; 0: --baseline training (default"
        " %(default)s)",
    )
    parser.add_argument(
        "--threshold",
        type=float,
        default=Rule.notice,
        help="score above which it is a notice; half as much again is an alarm (default"
        " %(default)g)",
    )
    parser.add_argument(
        "--regimes",
        type=int,
        default=Rule.regimes,
        metavar="K",
        help="states in which the plant is normal (k-means of the training rows); the nearest one"
        " counts. More than 1 asks for --baseline training (default %(default)s)",
    )
    parser.add_argument(
        "--max-quiet-alarms",
        type=float,
        default=MOST_QUIET_ALARMS,
        metavar="PERCENT",
        help="of the quiet held-out rows: with more of them in alarm the detector is not"
        " installed (default %(default)g)",
    )


def choice(arguments: argparse.Namespace) -> Choice:
    """Return what was asked; raises DataError."""
    found = Choice(
        arguments.baseline,
        arguments.learn_rows,
        arguments.threshold,
        arguments.max_quiet_alarms,
        arguments.regimes,
    )
    found.check()
    return found
