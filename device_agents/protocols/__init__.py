"""Protocols without input or output, in the manner of h11: bytes in, frozen events out.

Each connection object offers

- `send(request) -> bytes`: what to put on the line; LocalProtocolError where the state forbids the request;
- `receive_data(data: bytes) -> list[Event]`: whatever became complete with these bytes, in any pieces; bytes
  that do not yet make an event wait inside. RemoteProtocolError where the device said what its protocol does
  not allow.

Events are frozen dataclasses. States and what may follow stand in one table in the module. No clock, no
retries: those are the step's business.
"""
