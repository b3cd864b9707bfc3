"""A kit's whole life in one statement: ordered, labelled, sent, received, checked, entrusted, repaired, counted.

The movements of the ledger have their own query (`kit_queries.kit_movements`); `life.py` joins the two.
"""

from typing import Any

from stem_logistics.db.engine import fetch

# Every branch gives the same columns: when, what kind of event, its word (a state, an outcome), who, what was said,
# what it is about (item in two languages, serial number, pieces), up to two codes and a paper to link to, and the
# key or document of the movement that it explains. Where a branch has nothing to say it says NULL.
LIFE = """
WITH shipped AS MATERIALIZED (
  SELECT consignment_id, award_id, 'kit' AS how FROM consignment_kit WHERE kit_id = $1
  -- what is sent again: to the kit that lacks it, and out of the one that gives it
  UNION ALL SELECT id, NULL, 'again' FROM consignment WHERE for_kit_id = $1
  UNION SELECT p.consignment_id, NULL, 'given' FROM movement m JOIN place p ON p.id = m.to_place_id
    JOIN consignment c ON c.id = p.consignment_id AND c.discrepancy_id IS NOT NULL AND c.for_kit_id <> $1
    WHERE m.kit_id = $1 AND m.reason = 'pack'
), received AS MATERIALIZED (
  SELECT r.* FROM receipt r WHERE r.consignment_id IN (SELECT consignment_id FROM shipped)
    AND EXISTS (SELECT 1 FROM receipt_line l JOIN consignment_line c ON c.id = l.consignment_line_id
                WHERE l.receipt_id = r.id AND (c.kit_id = $1 OR r.consignment_id IN
                  (SELECT consignment_id FROM shipped WHERE how = 'again')))
), unasked AS MATERIALIZED (
  SELECT u.id FROM receipt r JOIN receipt_surplus u ON u.receipt_id = r.id
    WHERE r.consignment_id IN (SELECT consignment_id FROM shipped WHERE how <> 'given')
  UNION SELECT id FROM receipt_surplus WHERE kit_id = $1
  UNION SELECT u.id FROM device v JOIN receipt_surplus u ON u.device_id = v.id WHERE v.kit_id = $1
), acts AS MATERIALIZED (
  SELECT c.id, e.action, e.at, a.name FROM shipped s JOIN consignment c ON c.id = s.consignment_id
    JOIN audit_entry e ON e.subject_kind = 'consignment' AND e.subject_id = c.code
      AND e.action IN ('consignment-created', 'consignment-dispatched', 'consignment-cancelled')
    LEFT JOIN account a ON e.actor_kind = 'account' AND a.id = e.actor_id
)
SELECT o.ordered_at AS at, 'ordered' AS kind, o.title AS word, NULL AS who, f.supplier AS said, NULL AS item_el,
  NULL AS item_en, NULL AS serial, o.kits AS pieces, o.code AS code, f.number AS code2, NULL::bigint AS paper,
  NULL AS paper_number, NULL AS movement, NULL::uuid AS report
  FROM kit k JOIN purchase_batch b ON b.name = k.batch JOIN purchase_order o ON o.id = b.purchase_order_id
  JOIN contract f ON f.id = o.contract_id WHERE k.id = $1 AND k.batch <> ''
UNION ALL
SELECT b.opened_at, 'arrived', NULL, NULL, b.name, NULL, NULL, NULL, NULL, b.code, b.document, NULL, NULL, NULL, NULL
  FROM kit k JOIN purchase_batch b ON b.name = k.batch WHERE k.id = $1 AND k.batch <> ''
UNION ALL
SELECT issued_at, 'labelled', CASE WHEN withdrawn_at IS NULL THEN '' ELSE 'withdrawn' END, NULL, withdrawn_why, NULL,
  NULL, NULL, NULL, code, NULL, NULL, NULL, NULL, NULL FROM label WHERE kit_id = $1
UNION ALL
SELECT a.created_at, 'allotted', a.source, NULL, i.name, w.title_el, w.title_en, NULL, NULL, i.code, w.slug, NULL, NULL,
  NULL, NULL
  FROM shipped s JOIN award a ON a.id = s.award_id JOIN wave w ON w.id = a.wave_id
  JOIN institution i ON i.id = a.institution_id
UNION ALL
SELECT c.created_at, 'consigned',
  CASE WHEN EXISTS (SELECT FROM loan l WHERE l.consignment_id = c.id) THEN 'lent'
    WHEN c.from_place_id IS NOT NULL AND c.for_kit_id IS NULL THEN 'carried'
    WHEN s.how = 'again' AND c.discrepancy_id IS NULL THEN 'more' ELSE s.how END, t.name,
  i.name, NULL, NULL, NULL, NULL, c.code,
  (SELECT d.code FROM discrepancy d WHERE d.id = c.discrepancy_id), NULL, NULL, NULL, NULL
  FROM shipped s JOIN consignment c ON c.id = s.consignment_id JOIN institution i ON i.id = c.institution_id
  LEFT JOIN acts t ON t.id = c.id AND t.action = 'consignment-created'
UNION ALL
SELECT c.dispatched_at, 'sent', c.courier, t.name, c.tracking_number, NULL, NULL, NULL, c.parcels, c.code,
  c.supplier_document, NULL, NULL, NULL, NULL
  FROM shipped s JOIN consignment c ON c.id = s.consignment_id AND c.dispatched_at IS NOT NULL
  LEFT JOIN LATERAL (SELECT name FROM acts WHERE id = c.id AND action = 'consignment-dispatched'
                     ORDER BY at DESC LIMIT 1) t ON true
UNION ALL
SELECT c.cancelled_at, 'cancelled', NULL, t.name, c.cancel_reason, NULL, NULL, NULL, NULL, c.code, NULL, NULL, NULL,
  NULL, NULL
  FROM shipped s JOIN consignment c ON c.id = s.consignment_id AND c.cancelled_at IS NOT NULL
  LEFT JOIN acts t ON t.id = c.id AND t.action = 'consignment-cancelled'
UNION ALL
SELECT r.confirmed_at, 'received', CASE WHEN r.is_final THEN 'rest' ELSE 'part' END,
  concat_ws(', ', nullif(r.receiver_name, ''), nullif(r.receiver_role, '')), r.note, NULL, NULL, NULL, NULL, r.code,
  r.protocol_number, NULL, NULL, r.code, NULL FROM received r
UNION ALL
SELECT m.confirmed_at, 'member', NULL, concat_ws(', ', nullif(m.name, ''), m.post), NULL, NULL, NULL, NULL, NULL,
  r.code, r.protocol_number, NULL, NULL, NULL, NULL
  FROM received r JOIN receipt_member m ON m.receipt_id = r.id AND m.confirmed_at > r.confirmed_at
UNION ALL
SELECT q.done_at, 'quality', q.quality, concat_ws(', ', nullif(q.name, ''), nullif(q.role, '')), q.note, NULL, NULL,
  NULL, NULL, r.code, r.protocol_number, NULL, NULL, NULL, NULL
  FROM received r JOIN receipt_quality q ON q.receipt_id = r.id
UNION ALL
SELECT r.signed_at, 'signed', NULL, a.name, NULL, NULL, NULL, NULL, NULL, r.code, r.protocol_number, NULL, NULL, NULL,
  NULL FROM received r LEFT JOIN account a ON a.id = r.signed_by WHERE r.signed_at IS NOT NULL
UNION ALL
SELECT d.opened_at, 'discrepancy', d.kind, NULL,
  coalesce((SELECT q.note FROM receipt_quality_line q WHERE q.id = d.quality_line_id), l.note), it.name_el, it.name_en,
  dv.serial_number, d.quantity, d.code, CASE WHEN EXISTS (SELECT FROM receipt_photo p WHERE CASE
      WHEN d.quality_line_id IS NULL THEN p.receipt_line_id = l.id ELSE p.quality_line_id = d.quality_line_id END)
    THEN 'photo' END, NULL, NULL, NULL, NULL
  FROM received r JOIN receipt_line l ON l.receipt_id = r.id JOIN consignment_line c ON c.id = l.consignment_line_id
  JOIN discrepancy d ON d.receipt_line_id = l.id JOIN item it ON it.id = c.item_id
  LEFT JOIN device dv ON dv.id = l.device_id WHERE c.kit_id = $1
    OR r.consignment_id IN (SELECT consignment_id FROM shipped WHERE how = 'again')
UNION ALL
SELECT d.closed_at, 'outcome', d.outcome, a.name, d.outcome_reason, it.name_el, it.name_en, dv.serial_number,
  d.quantity, d.code, d.replacement, NULL, NULL, 'discrepancy:' || d.code, NULL
  FROM received r JOIN receipt_line l ON l.receipt_id = r.id JOIN consignment_line c ON c.id = l.consignment_line_id
  JOIN discrepancy d ON d.receipt_line_id = l.id AND d.closed_at IS NOT NULL JOIN item it ON it.id = c.item_id
  LEFT JOIN device dv ON dv.id = l.device_id LEFT JOIN account a ON a.id = d.closed_by
  WHERE c.kit_id = $1 OR r.consignment_id IN (SELECT consignment_id FROM shipped WHERE how = 'again')
UNION ALL
-- what came without having been sent, or in place of another thing: told of the kits it came with, and of the kit that
-- it is, or is a part of
SELECT d.opened_at, 'discrepancy', d.kind, i.name, NULL, u.what, u.what, nullif(u.serial_number, ''), d.quantity,
  d.code, CASE WHEN EXISTS (SELECT FROM receipt_photo p WHERE p.surplus_id = u.id) THEN 'photo' END, NULL, NULL, NULL,
  NULL
  FROM unasked JOIN receipt_surplus u USING (id) JOIN receipt r ON r.id = u.receipt_id
  JOIN consignment c ON c.id = r.consignment_id JOIN institution i ON i.id = c.institution_id
  JOIN discrepancy d ON d.surplus_id = u.id
UNION ALL
SELECT d.closed_at, 'outcome', d.outcome, a.name, d.outcome_reason, u.what, u.what, nullif(u.serial_number, ''),
  d.quantity, d.code, NULL, NULL, NULL, 'discrepancy:' || d.code, NULL
  FROM unasked JOIN receipt_surplus u USING (id) JOIN discrepancy d ON d.surplus_id = u.id AND d.closed_at IS NOT NULL
  LEFT JOIN account a ON a.id = d.closed_by
UNION ALL
SELECT c.observed_at, 'checked', c.verdict, nullif(c.operator, ''), NULL, it.name_el, it.name_en, c.serial_number, NULL,
  NULL, NULL, NULL, NULL, NULL, c.report_id
  FROM check_report c LEFT JOIN device dv ON dv.id = c.device_id LEFT JOIN item it ON it.id = dv.item_id
  WHERE c.kit_id = $1
UNION ALL
SELECT c.since, 'custody', c.room, c.holder_name || ', ' || c.holder_post, c.note, NULL, NULL, NULL, NULL, i.code,
  i.name, p.id, p.number, NULL, NULL
  FROM custody c JOIN institution i ON i.id = c.institution_id JOIN paper p ON p.id = c.paper_id WHERE c.kit_id = $1
UNION ALL
SELECT s.at, 'repair', s.state, coalesce(a.name, CASE WHEN s.actor_kind = 'link' THEN i.name END), s.note, it.name_el,
  it.name_en, dv.serial_number, NULL, r.code,
  CASE s.state WHEN 'replaced' THEN nd.serial_number
    WHEN 'sent' THEN concat_ws(', ', r.repairer, nullif(r.repairer_number, '')) END,
  p.id, p.number, nullif(s.posting, ''), NULL
  FROM repair r JOIN repair_step s ON s.repair_id = r.id JOIN item it ON it.id = r.item_id
  LEFT JOIN device dv ON dv.id = r.device_id LEFT JOIN device nd ON nd.id = r.replacement_device_id
  LEFT JOIN institution i ON i.id = r.institution_id
  LEFT JOIN paper p ON p.id = s.paper_id LEFT JOIN account a ON s.actor_kind = 'account' AND a.id = s.actor_id
  WHERE r.kit_id = $1
UNION ALL
SELECT l.lent_at, 'lent', NULL, NULL, l.note, b.name, b.name, NULL, NULL, b.code, l.due_on::text, p.id, p.number,
  p.number, NULL
  FROM loan l JOIN institution b ON b.id = l.borrower_id JOIN paper p ON p.id = l.paper_id WHERE l.kit_id = $1
UNION ALL
SELECT e.since, 'idle', e.state, NULL, e.why, o.name, o.name, NULL, NULL, o.code, NULL, NULL, NULL, NULL, NULL
  FROM idle_kit e LEFT JOIN institution o ON o.id = e.offered_to WHERE e.kit_id = $1
UNION ALL
SELECT coalesce(t.answered_at, c.opened_at), 'recall', t.answer, NULL, t.note, c.title, c.title, dv.serial_number, NULL,
  c.code, NULL, NULL, NULL, NULL, NULL
  FROM recall_target t JOIN recall c ON c.id = t.recall_id LEFT JOIN device dv ON dv.id = t.device_id
  WHERE t.kit_id = $1
UNION ALL
SELECT g.signed_at, 'counted', g.word, g.signer_name || ', ' || g.signer_post, g.remarks, NULL, NULL,
  sum(a.found)::text, sum(a.missing + a.broken)::int, s.code, s.year::text, p.id, p.number, NULL, NULL
  FROM stocktake_line l JOIN stocktake s ON s.id = l.stocktake_id
  JOIN (SELECT id, signed_at, signer_name, signer_post, remarks, paper_id, NULL AS word FROM stocktake
          WHERE signed_at IS NOT NULL
        UNION ALL
        SELECT stocktake_id, signed_at, signer_name, signer_post, remarks, paper_id, 'reopened' FROM stocktake_reopening
       ) g ON g.id = s.id
  JOIN LATERAL (SELECT x.found, x.missing, x.broken FROM stocktake_answer x WHERE x.line_id = l.id
                  AND (g.word IS NULL OR x.answered_at <= g.signed_at) ORDER BY x.id DESC LIMIT 1) a ON true
  LEFT JOIN paper p ON p.id = g.paper_id WHERE l.kit_id = $1 AND (l.expected > 0 OR g.word IS NOT NULL)
  GROUP BY s.id, p.id, g.signed_at, g.word, g.signer_name, g.signer_post, g.remarks
UNION ALL
SELECT p.made_at, 'paper', p.kind, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, p.id, p.number, p.number, NULL
  FROM paper_kit k JOIN paper p ON p.id = k.paper_id WHERE k.kit_id = $1
    AND p.kind IN ('transfer', 'disposal', 'rejection', 'write-off', 'movement')
"""


async def life(kit_id: int) -> list[dict[str, Any]]:
    """Whatever is known of a kit beside its movements, in no order."""
    return await fetch(LIFE, kit_id)
