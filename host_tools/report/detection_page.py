"""The detection study as a table for the terminal and Markdown-like text."""

from host_tools.evaluation.detection_study import FLOAT, INT8, Study

_HEAD = ("method", "F1", "FAR %", "MAR %", "AUC-PR", "VUS-PR", "delay s", "missed", "false/day")


def render(study: Study) -> str:
    """Return the table, aligned; FAR and AUC-PR always stand beside F1."""
    rows = [_HEAD]
    for name, found in study.figures.items():
        delay = "never" if found.delay == float("inf") else f"{found.delay:.0f}"
        rows.append(
            (
                name,
                f"{found.f1:.3f}",
                f"{found.far:.1f}",
                f"{found.mar:.1f}",
                f"{found.auc_pr:.3f}",
                f"{found.vus_pr:.3f}",
                delay,
                str(found.missed),
                f"{found.false_alarms_per_day:.0f}",
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
    lines = [
        "  ".join(["", row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
        for row in rows
    ]
    delta = study.figures[INT8].f1 - study.figures[FLOAT].f1
    worst = max(study.rmse, key=lambda name: study.rmse[name])
    facts = [
        f"  scored channels   {', '.join(study.scored)}",
        f"  left out (drift)  {', '.join(study.left_out) or 'none'}: a fault seen only there is"
        " not detected",
        f"  int8 - float      F1 {delta:+.4f}; RMSE at most {study.rmse[worst]:.4f} ({worst})",
    ]
    facts += [
        f"  {target:<16}  {differ} of {study.streamed[target]} records differ from the"
        " specification"
        for target, differ in study.differing.items()
    ]
    facts += [
        f"  quiet recording   {name}: {found.alarm_rows} of {found.rows} rows in alarm,"
        f" {found.alarms} alarms (its rows train, too)"
        for name, found in study.quiet.items()
    ]
    facts.append(
        "  always-alarm and alarm-after-a-row show what F1 costs without detecting anything"
    )
    title = "Detection on labelled runs: rows after the training rows, pooled, no point adjustment"
    return "\n".join([title, "", *lines, "", *facts])
