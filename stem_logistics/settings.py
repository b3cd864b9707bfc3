"""Settings from the environment (`STEM_…`), validated once, shown by `stem settings` with secrets masked."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What is in force. A field's description is what `stem settings` prints beside it."""

    model_config = SettingsConfigDict(env_prefix="STEM_", extra="ignore")

    data_dir: Path = Field(Path(".var"), description="where the embedded database and the secret key lie")
    database_url: SecretStr | None = Field(
        None, description="a PostgreSQL server (postgresql://…); empty: the embedded one under STEM_DATA_DIR"
    )
    database_pool: int = Field(10, ge=2, le=100, description="connections held open by one process")
    secret_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="32 characters or more; empty: an owner-only file under STEM_DATA_DIR",
    )
    host: str = Field("127.0.0.1", description="address to serve on")
    port: int = Field(8000, ge=0, le=65535, description="port to serve on")
    public_url: str = Field("", description="how the world reaches the service; empty: http://HOST:PORT")
    behind_tls: bool = Field(False, description="cookies are marked Secure; set it wherever TLS is in front")
    trusted_proxies: str = Field("", description="addresses whose X-Forwarded-For is believed, by comma")
    organisation: str = Field(
        "Εθνικός Οργανισμός Υποστήριξης eTwinning", description="who hands over, as protocols and labels name it"
    )
    organisation_address: str = Field("", description="its address and contact on documents; lines divided by |")
    timezone: str = Field("Europe/Athens", description="in which times are shown and deadlines counted")
    locale: Literal["el", "en"] = Field("el", description="the language of a person who has not chosen one")
    log_format: Literal["console", "json"] = Field("console", description="how logs are written")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="what is logged")
    worker: bool = Field(True, description="run jobs and mail in the server's process as well")
    demo: bool = Field(False, description="the demo: mail is stored and shown, never sent")
    mail_mode: Literal["store", "smtp"] = Field("store", description="store: shown on a page; smtp: sent")
    smtp_host: str = Field("localhost", description="the mail server")
    smtp_port: int = Field(25, ge=1, le=65535, description="its port")
    smtp_user: str = Field("", description="its user, where it wants one")
    smtp_password: SecretStr = Field(SecretStr(""), description="its password")
    smtp_tls: Literal["none", "starttls", "tls"] = Field("none", description="how the connection is protected")
    mail_from: str = Field("stem@etwinning.example", description="sender of the service's mail")
    max_upload_bytes: int = Field(25_000_000, ge=1_000_000, description="the largest upload that is taken")
    registry_source: str = Field(
        "", description="a file or https address from which the registry is read anew; empty: never"
    )
    registry_source_hosts: str = Field(
        "", description="hosts, by comma, that this source may reach inside the network; all others have to be public"
    )
    registry_refresh_hours: int = Field(24, ge=1, le=8760, description="how often the registry's source is read")
    reminder_days: str = Field(
        "3,7,12",
        pattern=r"^\d{1,3},\d{1,3},\d{1,3}$",
        description="a late receipt: school, directorate, ambassador are written to after so many working days",
    )
    case_days: str = Field(
        "15,30,30,15",
        pattern=r"^\d{1,3},\d{1,3},\d{1,3},\d{1,3}$",
        description="a discrepancy is to be settled within so many days: missing, damaged, surplus, wrong item",
    )
    reminder_hours: int = Field(24, ge=0, le=720, description="how often late receipts are looked for; 0: never")
    session_hours: int = Field(12, ge=1, le=168, description="a sign-in ends after so many hours")
    checklists: Path | None = Field(
        None,
        description="a folder with checklists of one's own (TOML), beside those that come along",
    )
    link_days: int = Field(90, ge=1, le=730, description="a school's link ends after so many days")

    @field_validator("public_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @property
    def base_url(self) -> str:
        """The address in links and QR codes, without a trailing slash."""
        return self.public_url or f"http://{self.host}:{self.port}"

    def shown(self) -> dict[str, str]:
        """Every setting by its variable's name, secrets masked (a password inside a URL too)."""
        result: dict[str, str] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                text = "********" if value.get_secret_value() else ""
            else:
                text = "" if value is None else str(value)
            result[f"STEM_{name.upper()}"] = text
        return result
