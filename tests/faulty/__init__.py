"""Faulty inputs, each named after its problem, and what must be found in them.

``county`` is the clean county, the modules behind ``build`` spoil it in one way each, and
``catalogue.toml`` states what :func:`liancun_geo.examine` must find. To see what it finds in a
case, in the words of the catalogue: ``PYTHONPATH=tests python -m faulty CASE ...``
"""
