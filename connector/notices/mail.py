"""Messages as plain e-mails, handed to the mail server of the settings."""

import datetime
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote, urlsplit

from connector.errors import ConnectorError
from connector.log import redact
from connector.notices.channel import Delivered, down, refused
from connector.notices.trouble import Message
from connector.report.columns import safe
from connector.route import Network

__all__ = ["Mail"]

_SECONDS: Final = 20.0
_PORTS: Final = {"smtp": 25, "smtps": 465}
_ONE_LINE: Final = SMTP.clone(max_line_length=998)  # else a subject of just 78 characters stands below its name
_CREDENTIALS: Final = "correct the user and password in [notify] email smtp (special characters as %XX)"
_PEOPLE: Final = "correct the addresses in [notify] email to, or let the mail server accept them"


class Mail:
    """
    One mail server and who is written to.

    Args:
        server: ``smtp://user:password@host:port``, or ``smtps://`` for TLS from the first byte. A secret.
        people: The addresses.
        network: Whose certificates are trusted; no proxy carries mail.
    """

    name: Final = "email"

    def __init__(self, server: str, people: tuple[str, ...], network: Network) -> None:
        parts = urlsplit(server)
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname or ""
        self._port = parts.port or _PORTS[parts.scheme]
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._people = people
        self._ca_bundle = network.ca_bundle or None

    @property
    def sender(self) -> str:
        """Who the mails are from: the user, where that is an address, else ``connector`` where the first reader is."""
        return self._user if "@" in self._user else f"connector@{self._people[0].rpartition('@')[2]}"

    def send(self, message: Message) -> Delivered:
        server = f"the mail server {safe(self._host)}:{self._port}"
        try:
            return self._delivered(message)
        except smtplib.SMTPRecipientsRefused as error:
            raise _verdict(f"{server} takes no mail for {_told(error.recipients)}", error.recipients) from None
        except smtplib.SMTPAuthenticationError as error:
            what = f"{server} does not accept user and password ({_reply(error)})"
            raise (refused(what, _CREDENTIALS) if error.smtp_code >= 500 else down(what)) from None
        except smtplib.SMTPResponseException as error:
            what = f"{server} refuses the mail ({_reply(error)})"
            if error.smtp_code >= 500:
                raise refused(what, "do what its words say, or name another server in [notify] email smtp") from None
            raise down(what) from None
        except ssl.SSLCertVerificationError:
            remedy = "name the host as its certificate has it, or set network.ca_bundle to what signed it"
            raise refused(f"the certificate of {server} is not trusted", remedy) from None
        except smtplib.SMTPNotSupportedError:
            # What was asked for and is not there: to sign in, or letters beyond ASCII in an address.
            raise refused(
                f"{server} does not offer what is needed to sign in or to address the mail", _CREDENTIALS
            ) from None
        except UnicodeError:
            # Its text would hold what could not be written.
            raise refused(f"user, password or an address holds letters that {server} cannot be told", _PEOPLE) from None
        except (smtplib.SMTPException, OSError) as error:
            raise down(f"{server} cannot be reached: {_kind(error)}") from None

    def _delivered(self, message: Message) -> Delivered:
        context = ssl.create_default_context(cafile=self._ca_bundle)
        with self._connected(context) as server:
            server.ehlo()
            if not self._tls and server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
            elif self._user and not self._tls and not _is_loopback(self._host):
                raise refused(
                    f"the mail server {safe(self._host)}:{self._port} offers no TLS, and a password is never sent "
                    "without",
                    'write "smtps://" in [notify] email smtp, or the port at which it offers STARTTLS (587)',
                )
            if self._user:
                server.login(self._user, self._password)
            left = server.sendmail(self.sender, list(self._people), self._mail(message).as_bytes(policy=_ONE_LINE))
        there = ", ".join(safe(person) for person in self._people if person not in left)
        return Delivered(f"the mail server took it for {there}", f"not for {_told(left)}" if left else "")

    @contextmanager
    def _connected(self, context: ssl.SSLContext) -> Iterator[smtplib.SMTP]:
        """Ended with a word, whose answer is nobody's business: it must not stand before what went wrong."""
        if self._tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=_SECONDS, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=_SECONDS)
        try:
            yield server
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            server.close()

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f"Affiliate connector <{self.sender}>"
        mail["To"] = ", ".join(self._people)
        mail["Subject"] = safe(message.subject, 200)
        mail["Date"] = format_datetime(datetime.datetime.now(datetime.UTC))
        mail["Message-ID"] = f"<{message.mark}@{self.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # nobody's absence is to answer it
        mail.set_content(message.text, charset="utf-8", cte="quoted-printable")  # every server takes it
        return mail


def _verdict(what: str, recipients: Mapping[str, tuple[int, bytes]]) -> ConnectorError:
    later = any(code < 500 for code, _ in recipients.values())
    return down(what) if later else refused(what, _PEOPLE)


def _told(recipients: Mapping[str, tuple[int, bytes]]) -> str:
    return ", ".join(f"{safe(person)} ({code} {_words(reply)})" for person, (code, reply) in recipients.items())


def _reply(error: smtplib.SMTPResponseException) -> str:
    return f"{error.smtp_code} {_words(error.smtp_error)}"


def _words(reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return safe(redact(" ".join(text.split())), 200)


def _kind(error: Exception) -> str:
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "no answer within the time limit"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "it hung up"
    if isinstance(error, ssl.SSLError):
        return "it does not speak TLS there"
    return "nobody answers at this address"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
