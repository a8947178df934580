"""A mail server that takes everything, keeps nothing and counts: python bench/sink.py PORT.

It runs as a process of its own and does as little as a server may, so that it is not what is measured.
"""

from __future__ import annotations

import asyncio
import sys

ANSWERS = {
    b"EHLO": b"250-sink.example.org\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
    b"DATA": b"354 Go ahead\r\n",
    b"QUIT": b"221 Bye\r\n",
}


class Sink(asyncio.Protocol):
    """One connection. Says what RFC 5321 wants, and prints the count when it ends."""

    taken = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]  # TCP has one of these
        self.waiting = b""
        self.is_letter = False
        self.transport.write(b"220 sink.example.org\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer every whole line, and a whole letter with one line."""
        self.waiting += data
        while True:
            end = b"\r\n.\r\n" if self.is_letter else b"\r\n"
            said, found, rest = self.waiting.partition(end)
            if not found:
                return
            self.waiting = rest
            if self.is_letter:
                self.is_letter = False
                Sink.taken += 1
                self.transport.write(b"250 Taken\r\n")
            else:
                verb = said[:4].upper()
                self.is_letter = verb == b"DATA"
                self.transport.write(ANSWERS.get(verb, b"250 OK\r\n"))

    def connection_lost(self, _: Exception | None) -> None:
        """Say how many letters came so far."""
        print(Sink.taken, flush=True)  # read by bench/mail.py


async def serve(port: int) -> None:
    """Listen until ended."""
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
