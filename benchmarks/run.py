"""`make bench`: all measurements in one table, each target met or missed. `--quick` for a short run."""

from __future__ import annotations

import sys

import acknowledge
import reminders

RATIO, P99, LATENESS = 0.40, 60.0, 250.0
"""Of a bare Bolt app's acknowledgements at 32 connections; milliseconds there; milliseconds after due."""


def main() -> int:
    """The exit code: 1 if a target was missed."""
    quick = "--quick" in sys.argv[1:]
    acknowledged = acknowledge.measure(rounds=3 if quick else 7, count=1_000 if quick else 3_000)
    print(
        "durable /release approvals (FULL), beside a bare Bolt app with an empty handler, interleaved rounds, medians"
    )
    print(
        f"{'connections':>12} {'ours/s':>9} {'bare/s':>9} {'ratio':>6} {'p50 ms':>7} {'p99 ms':>7} {'bare p99':>9} "
        f"{'CPU µs':>7} {'bare µs':>8}"
    )
    for row in acknowledged.rows:
        print(
            f"{row.connections:>12} {row.ours:>9.0f} {row.floor:>9.0f} {row.ratio:>6.2f} {row.p50:>7.1f} "
            f"{row.p99:>7.1f} {row.floor_p99:>9.1f} {row.cpu:>7.0f} {row.floor_cpu:>8.0f}"
        )
    print(f"cold start {acknowledged.cold_start:.2f} s, memory {acknowledged.memory:.0f} MiB")
    fired = reminders.measure(waiting=10_000 if quick else 100_000, due=1_000)
    print(
        f"{fired.due} reminders due at once, {fired.waiting} waiting: p99 lateness {fired.p99:.0f} ms, "
        f"{fired.dropped} dropped, {fired.twice} twice"
    )
    last = acknowledged.rows[-1]
    targets = {
        f"ratio at 32 connections {last.ratio:.2f}, at least {RATIO:.2f}": last.ratio >= RATIO,
        f"p99 at 32 connections {last.p99:.0f} ms, below {P99:.0f}": last.p99 < P99,
        f"every answer was 200 ({acknowledged.failed} were not)": acknowledged.failed == 0,
        f"p99 lateness of reminders {fired.p99:.0f} ms, below {LATENESS:.0f}": fired.p99 < LATENESS,
        "no reminder dropped, none twice": fired.dropped == fired.twice == 0,
    }
    for told, met in targets.items():
        print(f"{'met   ' if met else 'MISSED'} {told}")
    return 0 if all(targets.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
