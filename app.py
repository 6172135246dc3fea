"""Start with ``streamlit run app.py``, or ``liancun app``: the planner's application."""

from liancun_geo.studio.page import show

show()
