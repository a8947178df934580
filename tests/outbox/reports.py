"""Reports about deliveries, as mail servers write them."""

from __future__ import annotations

NUMBER = "7x2k9c4m1p"

PLAIN = """\
From: Mail Delivery System <MAILER-DAEMON@mx.example.net>
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type={report_type}; boundary="b1"

--b1
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 4B1C2
Arrival-Date: Mon, 1 Apr 2030 12:00:00 +0000 (UTC)

Final-Recipient: rfc822; gone@example.org
Original-Recipient: rfc822;gone@example.org
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.org
Diagnostic-Code: smtp; {diagnostic}

--b1
Content-Type: {original_type}

{original}
--b1--
"""

ORIGINAL = """\
Return-Path: <noreply@localhost>
Message-ID: <{number}@{host}>
From: Day of Action <noreply@localhost>
To: gone@example.org
Subject: Please confirm
Content-Type: text/plain

Confirm it here.
"""


def report(
    *,
    number: str = NUMBER,
    host: str = "localhost",
    to: str = "noreply@localhost",
    report_type: str = "delivery-status",
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "550 5.1.1 <gone@example.org>: Recipient address rejected: User unknown",
    original_type: str = "message/rfc822",
    original: str | None = None,
) -> bytes:
    inside = ORIGINAL.format(number=number, host=host) if original is None else original
    text = PLAIN.format(
        to=to,
        report_type=report_type,
        action=action,
        status=status,
        diagnostic=diagnostic,
        original_type=original_type,
        original=inside,
    )
    return text.replace("\n", "\r\n").encode()
