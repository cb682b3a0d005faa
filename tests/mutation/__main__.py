"""`python -m tests.mutation`: every mutant of the modules that decide against their tests.

Prints survivors as they are found and a table by module; with `--sample N` only N mutants, drawn
with `--seed`, with `--again FILE` those that survived before. The work tree is not touched.
"""

import argparse
import json
import sys
from pathlib import Path

from tests.mutation import campaign
from tests.mutation.subjects import SUBJECTS


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="a path; all when none")
    parser.add_argument("--sample", type=int, help="this many mutants instead of all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="workers, each in its own copy")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every result to FILE")
    parser.add_argument("--again", type=Path, metavar="FILE", help="survivors of an earlier --json")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.modules if name not in SUBJECTS]
    if unknown:
        parser.error(f"{unknown[0]} is none of {', '.join(SUBJECTS)}")
    population = campaign.every(options.modules or list(SUBJECTS))
    if options.again:
        population = campaign.again(population, json.loads(options.again.read_text("utf-8")))
    if options.sample is not None:
        population = campaign.sample(population, options.sample, options.seed)

    def tell(result: campaign.Result) -> None:
        if result.survived:
            mutant = result.mutant
            line, change = mutant.described((campaign.ROOT / mutant.module).read_text("utf-8"))
            print(f"{mutant.module}:{mutant.line}: {line}\n    {change}", flush=True)

    results = campaign.run(population, options.jobs, tell)
    print(campaign.table(results))
    if options.json:
        rows = [{**vars(r.mutant), "outcome": r.outcome} for r in results]
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
