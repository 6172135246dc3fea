"""The one place where text becomes markup: everything passes through ElementTree's escaping."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from liancun_geo.output.export import clean

Element = ET.Element


def new(tag: str, text: str | None = None, **attributes: str | float) -> Element:
    """Return an element; a trailing underscore of a name is dropped, others become hyphens."""
    element = ET.Element(
        tag, {_name(name): clean(str(value)) for name, value in attributes.items()}
    )
    if text is not None:
        element.text = clean(text)
    return element


def add(parent: Element, tag: str, text: str | None = None, **attributes: str | float) -> Element:
    """Append an element to another and return it."""
    element = new(tag, text, **attributes)
    parent.append(element)
    return element


def markup(*elements: Element) -> str:
    """Return the elements as HTML, with every text and attribute escaped."""
    return "".join(ET.tostring(one, encoding="unicode", method="html") for one in elements)


def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-")
