"""Ways to a device. Only here and in `device_agents.discovery` are pyserial and bleak imported."""
