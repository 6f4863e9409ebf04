CREATE OR REPLACE FUNCTION affiliate_private.merge_refund(p_project_id bigint, p_provider text, p_event_key text, p_occurred_at timestamptz, p_refund jsonb) RETURNS void
LANGUAGE sql VOLATILE AS $$
  INSERT INTO affiliate_private.refund AS r (project_id, provider, refund_key, alias_key, mode, amount_minor, void, currency, occurred_at, source_key)
  VALUES (merge_refund.p_project_id, merge_refund.p_provider, merge_refund.p_refund ->> 'key', merge_refund.p_refund ->> 'alias', merge_refund.p_refund ->> 'mode',
          (merge_refund.p_refund ->> 'amount_minor')::bigint, coalesce((merge_refund.p_refund ->> 'void')::boolean, false),
          affiliate_private.check_currency(coalesce(merge_refund.p_refund ->> 'currency', '')), merge_refund.p_occurred_at, merge_refund.p_event_key)
  ON CONFLICT ON CONSTRAINT refund_pkey DO UPDATE
    SET alias_key = excluded.alias_key, amount_minor = excluded.amount_minor, void = excluded.void, currency = excluded.currency,
        occurred_at = excluded.occurred_at, source_key = excluded.source_key
    WHERE CASE WHEN r.mode IN ('cumulative', 'highest') THEN excluded.amount_minor > r.amount_minor
               ELSE (excluded.occurred_at, excluded.void, excluded.source_key) > (r.occurred_at, r.void, r.source_key) END
$$;
COMMENT ON FUNCTION affiliate_private.merge_refund(bigint, text, text, timestamptz, jsonb) IS 'Stores a refund or dispute; of several events about it the highest amount counts where amounts are cumulative, else the newest.';

CREATE OR REPLACE FUNCTION affiliate_private.refunded_minor(p_project_id bigint, p_provider text, p_payment text[]) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_total numeric;
BEGIN
  -- Most payments are kept.
  PERFORM FROM affiliate_private.refund AS r
  WHERE r.project_id = refunded_minor.p_project_id AND r.provider = refunded_minor.p_provider AND r.alias_key = ANY (refunded_minor.p_payment) LIMIT 1;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  SELECT sum(a.minor) + max(a.highest_minor) INTO v_total
  FROM (
    -- A charge tells of its refunds twice, one by one and all together; one that failed was in the sum until then.
    SELECT CASE WHEN bool_or(r.mode = 'cumulative')
             THEN greatest(coalesce(sum(r.amount_minor) FILTER (WHERE r.mode = 'delta' AND NOT r.void), 0),
                           max(r.amount_minor) FILTER (WHERE r.mode = 'cumulative')
                           - coalesce(sum(r.amount_minor) FILTER (WHERE r.mode = 'delta' AND r.void), 0))
             ELSE coalesce(sum(r.amount_minor) FILTER (WHERE r.mode = 'delta' AND NOT r.void), 0) END
           + coalesce(sum(r.amount_minor) FILTER (WHERE r.mode IN ('latest', 'dispute') AND NOT r.void), 0) AS minor,
           coalesce(max(r.amount_minor) FILTER (WHERE r.mode = 'highest' AND NOT r.void), 0) AS highest_minor
    FROM affiliate_private.refund AS r
    -- Some events name the payment intent and some the charge alone.
    CROSS JOIN LATERAL (SELECT min(l.target_key) AS key FROM affiliate_private.payment_link AS l
                        WHERE l.project_id = r.project_id AND l.provider = r.provider AND l.alias_key = r.alias_key AND l.target_key LIKE 'pi\_%') AS intent
    WHERE r.project_id = refunded_minor.p_project_id AND r.provider = refunded_minor.p_provider AND r.alias_key = ANY (refunded_minor.p_payment)
    GROUP BY coalesce(intent.key, r.alias_key)) AS a;
  RETURN greatest(coalesce(v_total, 0), 0);
END
$$;
COMMENT ON FUNCTION affiliate_private.refunded_minor(bigint, text, text[]) IS 'What has been given back or withdrawn of a payment, known by any of its ids, in minor units of its currency.';
