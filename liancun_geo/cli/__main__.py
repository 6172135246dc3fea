"""``python -m liancun_geo.cli``, where no script is installed."""

from liancun_geo.cli import main

main()
