CREATE OR REPLACE FUNCTION affiliate_private.base64url(p_bytes bytea) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT translate(encode(base64url.p_bytes, 'base64'), E'+/=\n', '-_')
$$;
COMMENT ON FUNCTION affiliate_private.base64url(bytea) IS 'Base64 for URLs, without padding or line breaks.';

CREATE OR REPLACE FUNCTION affiliate_private.sign_token(p_key affiliate_private.token_key, p_claims json) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT t.signed || '.' || affiliate_private.base64url(affiliate_private.hmac_sha256(t.signed, (sign_token.p_key).secret))
  FROM (SELECT affiliate_private.base64url(convert_to(format('{"alg":"HS256","typ":"JWT","kid":"%s"}', (sign_token.p_key).key_id), 'UTF8')) || '.'
               || affiliate_private.base64url(convert_to(sign_token.p_claims::text, 'UTF8')) AS signed OFFSET 0) AS t
$$;
COMMENT ON FUNCTION affiliate_private.sign_token(affiliate_private.token_key, json) IS 'A JSON Web Token with these claims, signed with HS256; its kid is the key''s id.';
