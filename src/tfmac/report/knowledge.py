"""What the knowledge holds, and what a build of it did, as text."""

from collections.abc import Iterator

from tfmac.report import layout
from tfmac.schema.knowledge_reports import (
    BuildReport,
    KnowledgeCheck,
    KnowledgeStatus,
    PackageKnowledge,
    PackageStatus,
    ReleaseLine,
)


def render_build(report: BuildReport, *, width: int) -> str:
    """Say what changed, and name what could not be read."""
    changed = [built for built in report.files if built.changed]
    records = sum(built.records for built in report.files)
    lines = [
        layout.strong(
            f"{layout.counted(records, 'record')} in {layout.counted(len(report.files), 'file')}, "
            f"{len(changed)} changed"
        ),
        *layout.labelled("folder", [report.folder], width=width),
    ]
    for built in report.files:
        if built.problem is not None:
            lines += layout.labelled("problem", [f"{built.file}: {built.problem}"], width=width)
        lines += _unread(built.skipped, built.file, width=width)
    return "\n".join(lines) + "\n"


def _unread(skipped: dict[str, str], name: str, *, width: int) -> Iterator[str]:
    """Name the releases that could not be read, those with the same reason together."""
    versions: dict[str, list[str]] = {}
    for version, reason in skipped.items():
        versions.setdefault(reason, []).append(version)
    for reason, found in versions.items():
        text = f"{name} {', '.join(found)}: {reason}"
        yield from layout.labelled("not read", [text], width=width)


def render_status(status: KnowledgeStatus, *, width: int) -> str:
    """Lay out a table of the distributions, then the other tables."""
    releases = sum(package.releases for package in status.packages)
    lines = [
        layout.strong(
            f"{layout.counted(releases, 'release')} of {len(status.packages)} distributions, "
            f"the newest of {status.snapshot}"
        ),
        *layout.labelled("read from", status.folders, width=width),
        "",
    ]
    rows = [("distribution", "releases", "newest", "of", "")]
    rows += [
        (one.name, str(one.releases), one.newest or "-", one.date or "-", _remark(one))
        for one in status.packages
    ]
    lines += [*layout.table(rows), ""]
    lines += layout.table(
        [("table", "records", "")]
        + [
            (
                table.name,
                str(sum(table.counts.values())),
                ", ".join(f"{number} {kind}" for kind, number in table.counts.items()),
            )
            for table in status.tables
        ]
    )
    return "\n".join(lines) + "\n"


def _remark(package: PackageStatus) -> str:
    remarks = []
    if package.newer:
        remarks.append(f"newer than the installed data, not judged: {', '.join(package.newer)}")
    if package.unread:
        remarks.append(f"requirements of {package.unread} not readable")
    return "; ".join(remarks)


def render_package(package: PackageKnowledge, *, width: int, details: bool) -> str:
    """Lay out a table of releases, newest first; ``details`` adds requirements and sources."""
    lines = [layout.strong(f"{package.name} for {package.target}")]
    rows = [("version", "date", "Python", "macOS", "")]
    rows += [
        (
            release.version,
            release.date,
            layout.span(release.pythons) if release.pythons else "no wheel",
            release.minimum_macos or "any" if release.pythons else "-",
            "; ".join(_remarks(release)),
        )
        for release in package.releases
    ]
    lines += layout.table(rows)
    for release in package.releases if details else ():
        lines += ["", *_details(release, width=width)]
    if not details:
        lines += _unread(package.unread, package.name, width=width)
    return "\n".join(lines) + "\n"


def _details(release: ReleaseLine, *, width: int) -> Iterator[str]:
    yield from layout.labelled("Python", [release.requires_python or "any"], width=width)
    yield from layout.labelled("limits", release.limits, width=width)
    yield from layout.verbatim("requires", release.requires or ["nothing"])
    yield from layout.verbatim("read from", [release.source, f"sha256 {release.sha256}"])


def _remarks(release: ReleaseLine) -> Iterator[str]:
    if not release.in_snapshot:
        yield "newer than the installed data: not judged"
    if release.yanked is not None:
        yield f"yanked: {release.yanked}" if release.yanked else "yanked"


def render_check(check: KnowledgeCheck, *, width: int) -> str:
    """Say that all is sound, or name what is not."""
    number = layout.counted(len(check.problems), "problem")
    lines = [layout.strong(f"{check.files} files read, {number}")]
    for problem in check.problems:
        lines += layout.labelled(problem.file, [problem.problem], width=width)
    return "\n".join(lines) + "\n"
