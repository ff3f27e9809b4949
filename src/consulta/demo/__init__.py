"""Demo: the whole service on a database of its own, populated, with payments that move no money."""

from consulta.demo.run import DemoImpossible, run_demo

__all__ = ["DemoImpossible", "run_demo"]
