/* SPDX-License-Identifier: PostgreSQL */
#include "auth/keyring.h"

#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "auth/json.h"
#include "auth/jwk.h"

#define KEY_FILE_MAX (64 << 10)

/* Says why, and is false. */
#define refuse(why, ...) (buf_appendf((why), __VA_ARGS__), false)

/* What reading a source needs. */
struct reading {
	struct keyring *ring;
	const char *option, *path;
	enum algorithm algorithm; /* the configured one; ALGORITHM_ANY if the key decides */
	struct file file;
	struct buf *why;
	bool published; /* it came from elsewhere: what cannot be used is left out */
};

/* Whoever reads a published set has said already where it is. */
static void begin_sentence(struct reading *r)
{
	if (r->published)
		return;
	buf_appendf(r->why, "%s: '%s': ", r->option, r->path);
}

/*
 * Whoever can write a public key can make tokens of their own. A secret must not be readable
 * either.
 */
static bool is_guarded(struct reading *r, bool secret)
{
	const char *exposure = file_exposure(&r->file, secret);

	if (exposure == NULL)
		return true;
	begin_sentence(r);
	return refuse(r->why, "%s", exposure);
}

static bool read_file(struct reading *r)
{
	const char *reason;

	if (!file_read(&r->file, r->path, KEY_FILE_MAX, &reason))
		return refuse(r->why, "%s: cannot read '%s': %s", r->option, r->path, reason);
	return r->file.len > 0 ||
	       refuse(r->why, "%s: '%s' is empty, it has 0 bytes", r->option, r->path);
}

/* --- the options --- */

static bool load_secret(struct reading *r, const char *secret)
{
	buf_appendf(r->why, "%s: ", r->option);
	return key_from_secret(&r->ring->keys[0], secret, strlen(secret), r->algorithm, r->why);
}

/* Editors put line ends at the end of a file. These are no part of the secret. */
static bool load_secret_file(struct reading *r)
{
	size_t len;

	if (!read_file(r) || !is_guarded(r, true))
		return false;
	for (len = r->file.len; len > 0 && strchr("\r\n", r->file.bytes[len - 1]) != NULL &&
				r->file.bytes[len - 1] != '\0';
	     len--)
		continue;
	begin_sentence(r);
	return key_from_secret(&r->ring->keys[0], r->file.bytes, len, r->algorithm, r->why);
}

static bool load_public_key_file(struct reading *r)
{
	if (!read_file(r) || !is_guarded(r, false))
		return false;
	begin_sentence(r);
	return key_from_pem(&r->ring->keys[0], r->file.bytes, r->file.len, r->algorithm, r->why);
}

/* --- jwks-file --- */

static bool is_kid_new(const struct keyring *ring, const char *kid)
{
	for (size_t i = 0; i < ring->count; i++)
		if (kid != NULL && ring->keys[i].kid != NULL && strcmp(ring->keys[i].kid, kid) == 0)
			return false;
	return true;
}

/* Why a key that is good cannot be added. NULL if it can. */
static const char *find_hindrance(const struct reading *r, const struct key *key)
{
	if (r->ring->count == KEYRING_MAX)
		return "it is one more than can be taken (64): take old keys out";
	if (r->published && key_is_secret(key))
		return "it is a secret (oct), which must never be published";
	/* RFC 7517 4.5 lets keys of several kinds share a kid. */
	return r->published || is_kid_new(r->ring, key->kid)
		       ? NULL
		       : "its kid is also that of a key before it: each needs its own";
}

static void add(struct keyring *ring, const struct key *key)
{
	ring->has_kids = ring->has_kids || key->kid != NULL;
	ring->keys[ring->count++] = *key;
}

/* `number` counts from 1, as people do. */
static bool leave_out(struct reading *r, size_t number, const char *reason, bool harmless)
{
	if (harmless || r->published) {
		log_warn("%s: '%s': key %zu is left out: %s", r->option, r->path, number, reason);
		return true;
	}
	begin_sentence(r);
	return refuse(r->why, "key %zu: %s", number, reason);
}

static bool take_jwk(struct reading *r, struct json_object *jwk, size_t number)
{
	const char *hindrance = NULL;
	struct buf reason;
	struct key key;
	enum jwk result;
	bool good = true;

	buf_init(&reason);
	result = jwk_read(jwk, r->algorithm, &key, &reason);
	if (result == JWK_TAKEN)
		hindrance = find_hindrance(r, &key);
	if (result == JWK_TAKEN && hindrance == NULL) {
		add(r->ring, &key);
	} else {
		good = leave_out(r, number, hindrance == NULL ? reason.data : hindrance,
				 result == JWK_OTHER);
		key_release(&key);
	}
	buf_release(&reason);
	return good;
}

static bool take_set(struct reading *r, struct json_object *set)
{
	struct json_object *keys = NULL;
	bool single = !json_object_object_get_ex(set, "keys", &keys), good = true;

	if (!single && !json_object_is_type(keys, json_type_array)) {
		begin_sentence(r);
		return refuse(r->why, "its keys are not an array");
	}
	if (single)
		good = take_jwk(r, set, 1);
	for (size_t i = 0; !single && good && i < json_object_array_length(keys); i++)
		good = take_jwk(r, json_object_array_get_idx(keys, i), i + 1);
	if (good && r->ring->count == 0) {
		begin_sentence(r);
		return refuse(r->why, "there is no key in it that tokens can be verified with");
	}
	return good;
}

static bool take_text(struct reading *r, const char *bytes, size_t len)
{
	struct json_object *set = json_parse_secret(bytes, len);
	bool good = json_object_is_type(set, json_type_object);

	if (good) {
		good = take_set(r, set);
	} else {
		begin_sentence(r);
		buf_appendf(r->why,
			    "it is not a JSON Web Key Set: one JSON object, each name in it once");
	}
	json_wipe(set);
	return good;
}

static bool load_jwks_file(struct reading *r)
{
	bool good, secret = false;

	if (!read_file(r))
		return false;
	good = take_text(r, r->file.bytes, r->file.len);
	for (size_t i = 0; i < r->ring->count; i++)
		secret = secret || key_is_secret(&r->ring->keys[i]);
	return good && is_guarded(r, secret);
}

/* --- the ring --- */

static bool load(struct reading *r, const struct keyring_source *source)
{
	if (source->jwks_file != NULL) {
		r->option = "jwks-file";
		r->path = source->jwks_file;
		return load_jwks_file(r);
	}
	/* A key that fails leaves nothing in its place. */
	r->ring->count = 1;
	if (source->public_key_file != NULL) {
		r->option = "jwt-public-key-file";
		r->path = source->public_key_file;
		return load_public_key_file(r);
	}
	r->option = source->secret_file != NULL ? "jwt-secret-file" : "jwt-secret";
	r->path = source->secret_file;
	return source->secret_file != NULL ? load_secret_file(r) : load_secret(r, source->secret);
}

bool keyring_load(struct keyring *ring, const struct keyring_source *source, struct buf *why)
{
	struct reading r = {.ring = ring, .algorithm = ALGORITHM_ANY, .why = why};
	int given = (source->secret != NULL) + (source->secret_file != NULL) +
		    (source->public_key_file != NULL) + (source->jwks_file != NULL);
	bool good;

	*ring = (struct keyring){.count = 0};
	if (given == 0)
		return true;
	if (given > 1)
		return refuse(why,
			      "more than one of jwt-secret, jwt-secret-file, jwt-public-key-file "
			      "and jwks-file is given: one of them is enough");
	if (source->algorithm != NULL && !algorithm_parse(source->algorithm, &r.algorithm))
		return refuse(why, "jwt-algorithm is '%s', not " ALGORITHM_NAMES,
			      source->algorithm);
	good = load(&r, source);
	file_release(&r.file);
	if (good)
		buf_clear(why);
	else
		keyring_release(ring);
	return good;
}

bool keyring_read(struct keyring *ring, const char *bytes, size_t len, const char *name,
		  struct buf *why)
{
	struct reading r = {.ring = ring,
			    .option = "[KEYS]",
			    .path = name,
			    .algorithm = ALGORITHM_ANY,
			    .why = why,
			    .published = true};

	*ring = (struct keyring){.count = 0};
	if (take_text(&r, bytes, len))
		return true;
	keyring_release(ring);
	return false;
}

void keyring_release(struct keyring *r)
{
	for (size_t i = 0; i < r->count; i++)
		key_release(&r->keys[i]);
	*r = (struct keyring){.count = 0};
}

void keyring_replace(struct keyring *r, struct keyring *fresh)
{
	fresh->issuer = r->issuer;
	fresh->next = r->next;
	keyring_release(r);
	*r = *fresh;
	*fresh = (struct keyring){.count = 0};
}

/* --- the chain --- */

bool keyring_binds(const struct keyring *chain, const char *issuer)
{
	for (; issuer != NULL && chain != NULL; chain = chain->next)
		if (chain->issuer != NULL && strcmp(chain->issuer, issuer) == 0)
			return true;
	return false;
}

/* `bound` is the token's issuer if a ring is bound to it. */
static bool may_speak_for(const struct keyring *r, const char *bound)
{
	return bound == NULL ? r->issuer == NULL
			     : r->issuer != NULL && strcmp(r->issuer, bound) == 0;
}

static bool may_have_signed(const struct keyring *r, const struct key *key,
			    enum algorithm algorithm, const char *kid)
{
	bool chosen =
		kid == NULL || !r->has_kids || (key->kid != NULL && strcmp(key->kid, kid) == 0);

	return chosen && (key->algorithms & ALGORITHM_SET(algorithm)) != 0;
}

const struct key *keyring_next(const struct keyring *chain, const char *issuer,
			       enum algorithm algorithm, const char *kid, struct keyring_at *at)
{
	const char *bound = keyring_binds(chain, issuer) ? issuer : NULL;

	if (at->ring == NULL)
		at->ring = chain;
	for (; at->ring != NULL; at->ring = at->ring->next, at->key = 0)
		while (may_speak_for(at->ring, bound) && at->key < at->ring->count) {
			const struct key *key = &at->ring->keys[at->key++];

			if (may_have_signed(at->ring, key, algorithm, kid))
				return key;
		}
	return NULL;
}

static bool has_mark(const struct keyring *r, uint64_t mark)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->keys[i].mark == mark)
			return true;
	return false;
}

bool keyring_has(const struct keyring *chain, uint64_t mark)
{
	for (; chain != NULL; chain = chain->next)
		if (has_mark(chain, mark))
			return true;
	return false;
}

static bool has_all_of(const struct keyring *a, const struct keyring *b)
{
	for (size_t i = 0; i < b->count; i++)
		if (!has_mark(a, b->keys[i].mark))
			return false;
	return true;
}

bool keyring_equals(const struct keyring *a, const struct keyring *b)
{
	return has_all_of(a, b) && has_all_of(b, a);
}
