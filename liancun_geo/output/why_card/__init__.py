"""Why cards drawn: the village on its map, its points as bars, its neighbours beside it."""

from liancun_geo.output.why_card.page import why_cards_page, write_why_cards

__all__ = ["why_cards_page", "write_why_cards"]
