"""Consulta: a booking and payments backend for specialists and the people who book them."""

__version__ = "0.1.0"
