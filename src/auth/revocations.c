/* SPDX-License-Identifier: PostgreSQL */
#include "auth/revocations.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "auth/json.h"

#define DAY_MS INT64_C(86400000)
#define MOST_AT_FIRST 1000

/*
 * If several rows are about one name, the latest times count. Rather one token too many is revoked
 * than one too few.
 */
struct revocation {
	int64_t at_ms, until_ms;
	char name[];
};

void revocations_init(struct revocations *r)
{
	strmap_init(&r->jtis);
	strmap_init(&r->subs);
	r->most = MOST_AT_FIRST;
}

static void release(struct strmap *map)
{
	strmap_each (struct revocation, one, map)
		free(one);
	strmap_release(map);
}

void revocations_release(struct revocations *r)
{
	release(&r->jtis);
	release(&r->subs);
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static const struct revocation *put(struct strmap *map, const char *name, int64_t at_ms,
				    int64_t until_ms)
{
	size_t len = strlen(name);
	struct revocation *one = strmap_get(map, name, len);

	if (one == NULL) {
		one = xcalloc(1, sizeof(*one) + len + 1);
		*one = (struct revocation){at_ms, until_ms};
		memcpy(one->name, name, len + 1);
		strmap_put(map, name, len, one);
	}
	one->at_ms = later(one->at_ms, at_ms);
	one->until_ms = later(one->until_ms, until_ms);
	return one;
}

static void forget(struct strmap *map, int64_t now_ms)
{
	struct strmap left;

	strmap_init(&left);
	strmap_each (struct revocation, one, map) {
		if (one->until_ms > now_ms - DAY_MS)
			strmap_put(&left, one->name, strlen(one->name), one);
		else
			free(one);
	}
	strmap_release(map);
	*map = left;
}

/* Looks at all of them, but only when there are twice as many as were left the last time. */
static void forget_passed(struct revocations *r, int64_t now_ms)
{
	if (r->jtis.count + r->subs.count < r->most)
		return;
	forget(&r->jtis, now_ms);
	forget(&r->subs, now_ms);
	r->most = 2 * (r->jtis.count + r->subs.count) + MOST_AT_FIRST;
}

static struct json_object *member(struct json_object *row, const char *name, enum json_type type)
{
	struct json_object *value;

	return json_object_object_get_ex(row, name, &value) && json_object_is_type(value, type)
		       ? value
		       : NULL;
}

bool revocations_add(struct revocations *r, struct text row, int64_t now_ms, const char **ret_sub)
{
	struct json_object *whole = json_parse(row.bytes, row.len);
	struct json_object *jti = member(whole, "jti", json_type_string),
			   *sub = member(whole, "sub", json_type_string);
	struct json_object *at = member(whole, "at", json_type_int),
			   *until = member(whole, "until", json_type_int);
	int64_t until_ms = until == NULL ? INT64_MAX : json_object_get_int64(until);
	bool good = at != NULL && (jti != NULL || sub != NULL);

	*ret_sub = NULL;
	forget_passed(r, now_ms);
	if (good && jti != NULL)
		put(&r->jtis, json_object_get_string(jti), json_object_get_int64(at), until_ms);
	else if (good)
		*ret_sub = put(&r->subs, json_object_get_string(sub), json_object_get_int64(at),
			       until_ms)
				   ->name;
	json_object_put(whole);
	return good;
}

bool revocations_have(const struct revocations *r, const char *jti, const char *sub,
		      int64_t issued_ms, int64_t now_ms)
{
	const struct revocation *one = jti == NULL ? NULL : strmap_get(&r->jtis, jti, strlen(jti));

	if (one != NULL && now_ms < one->until_ms)
		return true;
	one = sub == NULL ? NULL : strmap_get(&r->subs, sub, strlen(sub));
	return one != NULL && now_ms < one->until_ms && issued_ms <= one->at_ms;
}
