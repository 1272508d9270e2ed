"""`python -m bench [group]`: run the measures, print one line each, write bench/results.jsonl."""

import dataclasses
import json
import sys
import time
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULES = sorted(p.stem for p in HERE.glob("bench_*.py"))
LIMIT = 600  # seconds for the whole run


def main() -> int:
    """Run the group named on the command line (`send`, `send.rate` …), or everything."""
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    began, ran = time.monotonic(), 0
    with (HERE / "results.jsonl").open("w") as out:
        for module in MODULES:
            for name, measure in import_module(f"bench.{module}").MEASURES.items():
                if only and name != only and not name.startswith(f"{only}."):
                    continue
                if time.monotonic() - began > LIMIT:
                    print(f"{name:22} left out: the run has used its {LIMIT} s")
                    continue
                ran += 1
                for result in _as_list(measure()):
                    line = dataclasses.asdict(result)
                    out.write(json.dumps(line, ensure_ascii=False) + "\n")
                    out.flush()
                    print(_shown(line), flush=True)
    if not ran:
        print(f"bench: no measure is named {only!r} or begins with {only + '.'!r}", file=sys.stderr)
        return 2
    print(f"bench: {time.monotonic() - began:.0f} s, written to bench/results.jsonl")
    return 0


def _as_list(result):
    return result if isinstance(result, list | tuple) else [result]


def _shown(line: dict) -> str:
    def plain(value):
        return (
            f"{value:.4g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
        )

    return (
        f"{line['name']:22} {plain(line['value'])} {line['unit']}; control {line['control']}: "
        f"{plain(line['control_value'])}; ratio {plain(line['ratio'])}; goal {line['goal']}; "
        f"{'holds' if line['holds'] else 'DOES NOT HOLD' if line['holds'] is False else 'not judged'}"
    )


if __name__ == "__main__":
    sys.exit(main())
