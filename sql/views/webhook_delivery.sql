-- The delivery log for analysts; see analyst.sql for how views of this schema are protected.

CREATE OR REPLACE VIEW affiliate.webhook_deliveries WITH (security_barrier) AS
SELECT p.project_id, v.*
FROM affiliate_private.visible_project AS p
CROSS JOIN LATERAL (
  SELECT d.delivery_id, d.endpoint_id, e.message_id, e.event_type, d.status, d.attempts, d.created_at, d.settled_at,
         d.next_attempt_at, substring(a.url from '^https?://(?:[^/?#]*@)?([^/?#]*)') AS host, a.status_code, a.error, a.duration_ms, a.response,
         CASE WHEN strpos(e.body, '"payout_preferences":') > 0 THEN (e.body::jsonb #- '{referrer,payout_preferences}')::text ELSE e.body END AS payload
  FROM (SELECT p.*) AS p
  JOIN affiliate_private.webhook_delivery AS d ON d.project_id = p.project_id
  JOIN affiliate_private.webhook_event AS e ON e.project_id = d.project_id AND e.event_id = d.event_id
  LEFT JOIN affiliate_private.webhook_attempt AS a ON a.project_id = d.project_id AND a.delivery_id = d.delivery_id AND a.attempt_no = d.attempts
  OFFSET 0) AS v;
COMMENT ON VIEW affiliate.webhook_deliveries IS 'Webhooks sent, or to send, to each endpoint, with the last attempt.';
COMMENT ON COLUMN affiliate.webhook_deliveries.project_id IS 'The affiliate program.';
COMMENT ON COLUMN affiliate.webhook_deliveries.delivery_id IS 'The delivery, as in affiliate.webhook_attempts.';
COMMENT ON COLUMN affiliate.webhook_deliveries.endpoint_id IS 'The endpoint it goes to.';
COMMENT ON COLUMN affiliate.webhook_deliveries.message_id IS 'The id in the payload and the headers; the same on every attempt and replay.';
COMMENT ON COLUMN affiliate.webhook_deliveries.event_type IS 'Such as referral_converted.';
COMMENT ON COLUMN affiliate.webhook_deliveries.status IS 'pending, delivered, or dead after the last attempt.';
COMMENT ON COLUMN affiliate.webhook_deliveries.attempts IS 'How often it was tried so far.';
COMMENT ON COLUMN affiliate.webhook_deliveries.created_at IS 'When it was written.';
COMMENT ON COLUMN affiliate.webhook_deliveries.settled_at IS 'When the last attempt was recorded.';
COMMENT ON COLUMN affiliate.webhook_deliveries.next_attempt_at IS 'While pending: NULL where it is ready or being sent, infinity where its endpoint is disabled, else when it is tried again.';
COMMENT ON COLUMN affiliate.webhook_deliveries.host IS 'Where the last attempt went: host and port; the rest of a URL may be a secret.';
COMMENT ON COLUMN affiliate.webhook_deliveries.status_code IS 'What the last attempt was answered; NULL where there was no answer.';
COMMENT ON COLUMN affiliate.webhook_deliveries.error IS 'What went wrong with the last attempt.';
COMMENT ON COLUMN affiliate.webhook_deliveries.duration_ms IS 'How long the last attempt took.';
COMMENT ON COLUMN affiliate.webhook_deliveries.response IS 'The first 4 KiB of the last answer.';
COMMENT ON COLUMN affiliate.webhook_deliveries.payload IS 'What is posted, byte for byte, but for how the affiliate is paid, which is left out.';

CREATE OR REPLACE VIEW affiliate.webhook_attempts WITH (security_barrier) AS
SELECT p.project_id, v.*
FROM affiliate_private.visible_project AS p
CROSS JOIN LATERAL (
  SELECT a.delivery_id, a.attempt_no, substring(a.url from '^https?://(?:[^/?#]*@)?([^/?#]*)') AS host, a.finished_at, a.duration_ms, a.status_code, a.error, a.response
  FROM (SELECT p.*) AS p
  JOIN affiliate_private.webhook_attempt AS a ON a.project_id = p.project_id
  OFFSET 0) AS v;
COMMENT ON VIEW affiliate.webhook_attempts IS 'Every attempt at every delivery.';
COMMENT ON COLUMN affiliate.webhook_attempts.project_id IS 'The affiliate program.';
COMMENT ON COLUMN affiliate.webhook_attempts.delivery_id IS 'The delivery, as in affiliate.webhook_deliveries.';
COMMENT ON COLUMN affiliate.webhook_attempts.attempt_no IS 'From 1 up.';
COMMENT ON COLUMN affiliate.webhook_attempts.host IS 'Where it was sent: host and port; the rest of a URL may be a secret.';
COMMENT ON COLUMN affiliate.webhook_attempts.finished_at IS 'When it was recorded.';
COMMENT ON COLUMN affiliate.webhook_attempts.duration_ms IS 'How long it took; NULL where the gateway died before it could tell.';
COMMENT ON COLUMN affiliate.webhook_attempts.status_code IS 'What the receiver answered; NULL where it did not.';
COMMENT ON COLUMN affiliate.webhook_attempts.error IS 'What went wrong.';
COMMENT ON COLUMN affiliate.webhook_attempts.response IS 'The first 4 KiB of the answer.';
