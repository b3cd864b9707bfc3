"""Chips between USB and a serial line that say nothing of the board behind them: clones of every Arduino, and 3D
printers, come with the same ones. A kind whose boards may hide there takes all of them: a candidate, for a person to
confirm."""

from device_agents.kinds.base import UsbRule

BRIDGES = (
    UsbRule(0x1A86, 0x7523, shared=True, label="CH340"),
    UsbRule(0x1A86, 0x55D4, shared=True, label="CH9102"),
    UsbRule(0x0403, 0x6001, shared=True, label="FT232R"),
    UsbRule(0x10C4, 0xEA60, shared=True, label="CP2102"),
)
