"""The contract: what the code promises is what `openapi/openapi.json` says, to the letter."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from consulta.platform.http.schema import Body
from consulta.serving import contract
from tests.house.app import the_app
from tests.house.source import ROOT, obey

CONTRACT = ROOT / "openapi" / "openapi.json"
_MOST_DIFFERENCES = 40


def differences(ours: Any, theirs: Any, at: str = "") -> Iterator[str]:
    """Where two documents differ: by path, down to the smallest part."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            if key not in theirs:
                yield f"{at}/{key}: only in the code"
            elif key not in ours:
                yield f"{at}/{key}: only in openapi.json"
            else:
                yield from differences(ours[key], theirs[key], f"{at}/{key}")
    elif ours != theirs:
        yield f"{at}: {str(ours)[:80]} in the code, {str(theirs)[:80]} in openapi.json"


def test_the_code_and_the_contract_agree() -> None:
    ours = contract()
    theirs = CONTRACT.read_text(encoding="utf-8") if CONTRACT.exists() else "{}"
    found = list(differences(json.loads(ours), json.loads(theirs)))
    obey(
        found[:_MOST_DIFFERENCES] or ["only the order or the spelling"] * (ours != theirs),
        law=f"The exported contract is the code's ({len(found)} differences).",
        mend="run `consulta openapi` if the change is meant, and look at the diff as a frontend"
        " developer would; otherwise undo the change.",
    )


@pytest.mark.parametrize(
    ("exported", "found"),
    [
        ({"a": {"b": 1, "c": 2}}, "/a/c: only in openapi.json"),
        ({"a": {}}, "/a/b: only in the code"),
        ({"a": {"b": 2}}, "/a/b: 1 in the code, 2 in openapi.json"),
        ({"a": [1]}, "/a: {'b': 1} in the code, [1] in openapi.json"),
    ],
)
def test_a_difference_is_found(exported: Any, found: str) -> None:
    assert list(differences({"a": {"b": 1}}, exported)) == [found]
    assert not list(differences({"a": {"b": 1}}, {"a": {"b": 1}}))


def operations(document: Any) -> Iterator[tuple[str, Any]]:
    """Every operation of the contract as `METHOD path`."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def nameless_operations(document: Any) -> list[str]:
    """Operations that say too little: clients and their documentation are generated from them."""
    count = Counter(operation.get("operationId") for _, operation in operations(document))
    return [
        name
        for name, operation in operations(document)
        if not operation.get("summary")
        or not operation.get("tags")
        or count[operation.get("operationId")] > 1
    ]


def test_every_operation_says_what_it_does() -> None:
    obey(
        nameless_operations(json.loads(contract())),
        law="Every operation has a summary, a tag, and a name of its own.",
        mend="add summary= to the route and tags= to the router; rename the function if need be.",
    )


def test_every_tag_is_a_chapter_of_the_document() -> None:
    document = json.loads(contract())
    used = {tag for _, operation in operations(document) for tag in operation["tags"]}
    chapters = {chapter["name"] for chapter in document["tags"]}
    obey(
        sorted(used ^ chapters),
        law="The document says of every tag what it is about, in the order of reading.",
        mend="add it to CHAPTERS in routes.py, or take it out.",
    )


def bodies() -> Iterator[type[Body]]:
    """Every body that a route may be sent."""
    the_app()
    found: list[type[Body]] = [Body]
    for kind in found:
        found += kind.__subclasses__()
    yield from found


def test_what_the_document_shows_can_be_sent_as_it_is_shown() -> None:
    shown = [
        (kind, example)
        for kind in bodies()
        for example in kind.model_json_schema().get("examples", ())
    ]
    assert len(shown) >= 16
    for kind, example in shown:
        kind.model_validate(example)


def test_a_nameless_operation_is_found() -> None:
    good = {"operationId": "a", "summary": "A", "tags": ["a"]}
    assert not nameless_operations({"paths": {"/a": {"get": good}}})
    assert len(nameless_operations({"paths": {"/a": {"get": good, "put": good}}})) == 2
    assert nameless_operations({"paths": {"/a": {"get": {**good, "summary": ""}}}})
