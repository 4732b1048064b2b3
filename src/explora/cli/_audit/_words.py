"""What an audit found, in sentences and as JSON."""

from collections.abc import Iterator
from typing import Any

from explora.ledger.labels import Estimate, Quality

from ._facts import Found

_UNFAIR = (
    "that is how well the labels foretell each other: no fair estimate, unless the labelled items were drawn at random "
    "and their labels are right; give --audited FILE"
)


def as_json(found: Found, count: int) -> dict[str, Any]:
    """The facts as JSON; at most `count` suspects and contradictions are listed."""
    known, audit = found.known, found.audit
    name = lambda code: known.target.decode([code])[0]
    ids = [known.items.ids[row] for row in found.rows]
    given = known.target.decode(known.codes[found.rows])
    errors = audit.errors
    suspects = [] if errors is None else zip(errors.item, errors.given, errors.suggested, errors.score, strict=True)
    return {
        "data": known.name,
        "items": len(known.items),
        "labelled": len(ids),
        "classes": None
        if audit.counts is None
        else {str(name(code)): int(number) for code, number in enumerate(audit.counts)},
        "contradictions": len(audit.contradictions),
        "contradicting": [
            [{"id": ids[place], "label": given[place]} for place in group] for group in audit.contradictions[:count]
        ],
        "repeats": audit.repeats,
        "label_errors": None
        if errors is None
        else {
            "share": errors.share,
            "suspects": len(errors.item),
            "items": [
                {"id": ids[item], "given": name(one), "rather": name(other), "fit": float(fit)}
                for item, one, other, fit in list(suspects)[:count]
            ],
        },
        "audited": None if found.quality is None else _quality(found.quality),
        "left_out": found.taught,
        "cross_validated": None if audit.crossed is None else {"folds": audit.folds, **_quality(audit.crossed)},
        "agreement": _agreement(found),
    }


def _agreement(found: Found) -> dict[str, Any] | None:
    agreement = found.agreement
    if agreement is None:
        return None
    skills = [None] * len(agreement.names)
    if agreement.consensus is not None:
        skills = [_real(x) for x in agreement.consensus.annotator_quality]
    return {
        "krippendorff_alpha": _real(agreement.alpha),
        "items_with_two": agreement.shared,
        "annotators": [
            {"annotator": who, "labels": int(count), "right": skill}
            for who, count, skill in zip(agreement.names, agreement.counts, skills, strict=True)
        ],
    }


def _quality(quality: Quality) -> dict[str, Any]:
    estimates = {
        "accuracy": quality.accuracy,
        "balanced_accuracy": None if quality.balanced is None else quality.balanced.overall,
        "squared_error": quality.error,
    }
    return {name: _estimate(estimate) for name, estimate in estimates.items() if estimate is not None}


def _estimate(estimate: Estimate) -> dict[str, Any]:
    return {name: _real(x) if isinstance(x, float) else x for name, x in estimate._asdict().items()}


def _real(x: Any) -> float | None:
    return float(x) if x == x else None


def sentences(facts: dict[str, Any]) -> Iterator[str]:
    """The facts of `as_json`, a line at a time."""
    yield f"{facts['data']}: {facts['items']:,} items, {facts['labelled']:,} with a label"
    if facts["classes"] is not None:
        yield "classes: " + ", ".join(
            f"{name} {number:,} ({number / max(1, facts['labelled']):.1%})" for name, number in facts["classes"].items()
        )
    yield f"same input: {facts['repeats']:,} labelled items repeat an earlier one"
    yield f"contradictions: {facts['contradictions']:,} inputs have different labels"
    for group in facts["contradicting"]:
        yield "  " + ", ".join(f"{row['id']} is {row['label']}" for row in group)
    yield from _doubts(facts)
    yield from _estimates(facts)
    yield from _people(facts)


def _doubts(facts: dict[str, Any]) -> Iterator[str]:
    errors = facts["label_errors"]
    if errors is None:
        reason = "numbers are no classes" if facts["classes"] is None else "too few labels, or of one class only"
        yield f"label errors: not looked for ({reason})"
        return
    yield (
        f"label errors: {errors['suspects']:,} suspects, about {errors['share']:.1%} of the labels are wrong "
        f"(confident learning, {facts['cross_validated']['folds']} folds)"
    )
    if errors["items"]:
        width = max(len(row["id"]) for row in errors["items"])
        yield f"  {'id':{width}}  {'fit':>6}  label, and what it looks like"
        for row in errors["items"]:
            yield f"  {row['id']:{width}}  {row['fit']:6.4f}  {row['given']}, rather {row['rather']}"


def _estimates(facts: dict[str, Any]) -> Iterator[str]:
    for kind, name in (
        ("audited", "on the audit set"),
        ("cross_validated", "cross-validated on the labels themselves"),
    ):
        for what, estimate in (facts[kind] or {}).items():
            if what != "folds":
                span = f"{estimate['level']:.0%} interval {estimate['low']:.4g} to {estimate['high']:.4g}"
                value = "unknown" if estimate["value"] is None else f"{estimate['value']:.4g}"
                yield f"{what.replace('_', ' ')} {name}: {value} ({span}, {estimate['count']:,} items)"
    if facts["left_out"]:
        yield f"{facts['left_out']:,} items of the audit set were taught to the model and are left out"
    if facts["audited"] is None:
        yield "quality: too few labels" if facts["cross_validated"] is None else _UNFAIR


def _people(facts: dict[str, Any]) -> Iterator[str]:
    agreement = facts["agreement"]
    if agreement is None:
        return
    alpha = agreement["krippendorff_alpha"]
    said = "unknown" if alpha is None else f"{alpha:.3f}"
    yield f"agreement: Krippendorff's alpha {said} ({agreement['items_with_two']:,} items with two labels or more)"
    for row in agreement["annotators"]:
        skill = "" if row["right"] is None else f", right in about {row['right']:.1%}"
        yield f"  {row['annotator']}: {row['labels']:,} labels{skill}"
