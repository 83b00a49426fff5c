"""Mail by SMTP (RFC 5321). A page has one Message-ID, so that mail systems can tell what was sent twice."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Literal

import aiosmtplib
from pydantic import SecretStr

from bot.core.routing import Page
from bot.errors import TransientError
from bot.outward import DeclinedError, UnclearError

SECONDS = 20.0
LONGEST_SUBJECT = 200
Security = Literal["starttls", "tls", "none"]

_NOBODY = "The mail server refuses it for good; check the addresses, SMTP_FROM, SMTP_USER and SMTP_PASSWORD."


@dataclass(frozen=True)
class Mail:
    """A mail server that takes mail from `sender`."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: SecretStr | None = None
    security: Security = "starttls"

    async def send(self, page: Page) -> str:
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.user or None,
            password=self.password.get_secret_value() if self.password else None,
            use_tls=self.security == "tls",
            start_tls=self.security == "starttls",
            timeout=SECONDS,
        )
        try:
            await client.connect()
        except aiosmtplib.SMTPAuthenticationError as error:
            raise DeclinedError(f"The mail server refused the login ({error.code}).", _NOBODY) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            if _is_not_sealed(error):
                reason = f"The mail server speaks no {self.security} that can be trusted ({type(error).__name__})."
                raise DeclinedError(reason, "Check SMTP_SECURITY, SMTP_PORT and the server's certificate.") from error
            raise TransientError(f"The mail server can't be reached ({type(error).__name__}).") from error
        try:
            return await self._send(client, page)
        finally:
            client.close()

    async def _send(self, client: aiosmtplib.SMTP, page: Page) -> str:
        try:
            refused, _ = await client.send_message(self._message(page), sender=self.sender, recipients=list(page.to))
        except aiosmtplib.SMTPRecipientsRefused as error:
            first = error.recipients[0]
            raise _refusal(first.code, f"{first.recipient}: {first.message}") from error
        except aiosmtplib.SMTPResponseException as error:
            raise _refusal(error.code, str(error.message)) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise UnclearError(f"The mail server did not answer ({type(error).__name__}).") from error
        if refused:
            names = ", ".join(refused)
            raise DeclinedError(f"The mail server took it, but not for {names}.", "Check these addresses.")
        return "the mail server accepted it"

    def _message(self, page: Page) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = " ".join(page.summary.split())[:LONGEST_SUBJECT]
        message["From"] = self.sender
        message["To"] = ", ".join(page.to)
        message["Date"] = page.at
        message["Message-ID"] = f"<{page.key}-{page.action}-{page.at:%Y%m%d%H%M%S}@greenlight.invalid>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(f"{page.summary}\n\n{page.text}\n{page.link}\n")
        return message


def _is_not_sealed(error: Exception) -> bool:
    """Whether the encryption failed. That a server offers no STARTTLS is told by the plain SMTPException."""
    plain = type(error) is aiosmtplib.SMTPException or isinstance(error, aiosmtplib.SMTPNotSupported)
    return plain or isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError)


def _refusal(code: int, said: str) -> TransientError | DeclinedError:
    """4xx is a refusal for now, 5xx one for good (RFC 5321, section 4.2.1)."""
    words = " ".join(said.split())[:200]
    if 400 <= code < 500:
        return TransientError(f"The mail server refuses it for now ({code}: {words}).")
    return DeclinedError(f"The mail server refused it ({code}: {words}).", _NOBODY)
