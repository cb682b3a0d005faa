"""The verbs that the matrix strikes, each by a command that takes seconds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verb:
    """A command line with {out} and {inputs}, and what tells its results apart.

    Attributes:
        line: The words after `host_tools`.
        last: The file of {out} by which a whole folder is known.
        before: Words of `line` to replace for the earlier result.
        once: A result that is there is never replaced.
        builds: Its files appear one by one, and the next build makes anew what is not right.
    """

    line: str
    last: str = ""
    before: tuple[tuple[str, str], ...] = ()
    once: bool = False
    builds: bool = False


VERBS = {
    "plant": Verb("plant --out {out}/plant.csv --rows 20000", before=(("20000", "5000"),)),
    "read": Verb(
        "read --csv {inputs}/log.csv --save {out}/reading.toml --write {out}/clean.csv",
        before=(("log.csv", "short.csv"),),
    ),
    "eda": Verb(
        "eda --csv {inputs}/log.csv --outdir {out}", "eda.json", (("log.csv", "short.csv"),)
    ),
    "represent": Verb(
        "represent --csv {inputs}/log.csv --outdir {out} --max_total 40",
        "rep_windows_balanced.json",
        (("40", "20"),),
    ),
    "fit": Verb(
        "fit --csv {inputs}/brief.csv --max-quiet-alarms 100 --out {out}",
        "manifest.json",
        (("brief.csv", "short.csv"),),
    ),
    "generate": Verb(
        "generate --target stm32f4 --standalone --out {out}",
        "manifest.json",
        (("stm32f4", "riscv-virt"),),
    ),
    "package": Verb("package --format cmake,make --out {out}", "manifest.json"),
    "new": Verb("new {out}/product --style cmake", before=(("product", "other"),), once=True),
    "build": Verb("build --target stm32f4 --out {out}", before=(("stm32f4", "host"),), builds=True),
    "golden": Verb(
        "golden --target stm32f4 --emulate --windows 6 --outdir {out}",
        "compare.json",
        (("6", "3"),),
    ),
    "bench": Verb(
        "bench --target stm32f4 --emulate --windows 6 --out {out}/bench.json",
        before=(("6", "3"),),
    ),
    "soak": Verb("soak --target stm32f4 --csv {inputs}/brief.csv --hours 1 --out {out}/soak.json"),
    "count": Verb("count --target mps2-an386 --windows 4"),
    "profile": Verb("profile --windows 1 --picture {out}/profile.png"),
    "perf": Verb(
        "perf models/forecaster/model_int8.tflite --target mps2-an386 --optimize speed --out {out}",
        before=(("speed", "size"),),
    ),
    "update": Verb(
        "update build --model forecaster --key {inputs}/own.pem --out {out}/forecaster.update",
        before=(("--out", "--version 7 --out"),),
    ),
    "demo": Verb("demo --target host --windows 4 --out {out}"),
    "export": Verb("export --from {inputs}/network.keras --outdir {out}", "export.json"),
    "convert": Verb(
        "convert --from {inputs}/network.keras --rep {inputs}/rep_windows_balanced.npz"
        " --outdir {out}"
    ),
    "evaluate": Verb("evaluate --csv {inputs}/log.csv --n 20 --out {out}"),
    "train": Verb(
        "train --csv {inputs}/brief.csv --network none --max-quiet-alarms 100 --out {out}",
        before=(("brief.csv", "short.csv"),),
    ),
    "sweep": Verb(
        "sweep --from {inputs}/network.keras --max-totals 60 --balances 0.5 --jobs 2 --outdir {out}"
    ),
}
