"""The sentences of the checks' refusals."""

from stem_logistics.web.i18n import N_

SENTENCES: dict[str, str] = {
    "enrolment-code-unknown": N_(
        "This enrolment code is not known. Copy it as you were given it, or ask for a new one."
    ),
    "enrolment-code-used": N_("This enrolment code was used by another laptop. Ask for a new one."),
    "enrolment-code-expired": N_("This enrolment code has expired. Ask for a new one."),
    "enrolment-code-gone": N_("This code can no longer be withdrawn: it was used or has expired."),
    "enrolment-proof-wrong": N_("The laptop did not prove that it holds its key. Renew stem-check and try again."),
    "agent-unknown": N_("The laptop %(code)s is not known here. Enrol it again."),
    "agent-revoked": N_("This laptop was revoked on %(since)s. Its reports wait; ask for a new enrolment code."),
    "agent-not-found": N_("There is no laptop %(code)s that could be revoked."),
    "agent-signature-missing": N_("The request carries no laptop's signature. Use stem-check, or sign in."),
    "agent-signature-wrong": N_("The laptop's signature does not fit. Was it enrolled at another service?"),
    "agent-clock-off": N_("The laptop's clock is %(minutes)s minutes off. Set it right and try again."),
    "check-kit-not-found": N_("There is no kit with the code %(code)s. Read it from the label again."),
    "report-too-big": N_("The report is bigger than the %(limit)s bytes that are taken."),
    "report-not-json": N_("The report is not whole JSON (%(detail)s). It was cut or altered on its way."),
    "report-unreadable": N_("The report is wrong at %(place)s: %(detail)s."),
    "report-schema-unknown": N_(
        "The report's schema %(schema)s is not read here; these are: %(known)s. Renew stem-check."
    ),
    "report-signature-wrong": N_(
        "The report %(report)s is not what its laptop signed: it was altered. Check the device again."
    ),
    "report-id-taken": N_("Another report is filed under the id %(report)s."),
    "check-document-missing": N_(
        "Choose the file first: what stem-firmware baseline add wrote, or a list of questions."
    ),
    "check-document-too-big": N_(
        "The file is bigger than the %(limit)s bytes that are taken. Split it, or leave images out."
    ),
    "check-document-wrong": N_(
        "%(file)s is wrong at %(place)s: %(reason)s. Correct it there and give it again; nothing was added."
    ),
    "check-document-of-no-schema": N_(
        "%(file)s is no file of known firmware and no list of questions (schema “%(schema)s”). Nothing was added."
    ),
    "check-document-not-found": N_("There is no file “%(name)s” that is sent to laptops, or it was retired."),
    "expectation-wrong": N_("“%(product)s”, at least “%(minimum)s”: give a product and a version such as 2.1.0."),
    "expectation-of-no-kind": N_("No firmware is known of the kind “%(kind)s”. These are known: %(known)s."),
    "expectation-of-no-kit": N_("There is no definition of a kit “%(name)s”."),
    "expectation-of-no-wave": N_("There is no such wave."),
    "service-key-lost": N_(
        "The key that signs for laptops was sealed with another secret of this server. Give the server its former secret key back, or make a new key (stem checks key renew --break-chain) and enrol every laptop anew."
    ),
    "check-report-not-found": N_("There is no such report, or you may not see it."),
}
