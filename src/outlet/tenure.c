/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/tenure.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "auth/entitlement.h"
#include "auth/json.h"
#include "http/params_json.h"
#include "outlet/code.h"
#include "outlet/expiry.h"
#include "outlet/outlets.h"
#include "outlet/recheck.h"

bool tenure_concerns(const struct event *event)
{
	return text_is(event->topic, "!gate");
}

/* --- revocation --- */

/*
 * A key that is gone says nothing against its users. They may have a token of another key, or get
 * one. Who was revoked may not.
 */
static void close_if_revoked(struct outlet *o)
{
	struct standing standing = holder_standing(&o->holder);

	if (!outlets_accept(o->set, standing))
		outlet_close_for(o, "revoked",
				 !standing_is_revoked(&standing, &o->set->revocations));
}

static void hear_revoke(struct outlets *set, struct text row)
{
	const char *sub = NULL;

	if (revocations_add(&set->revocations, row, clock_wall_ms(), &sub))
		outlets_each(set, sub, close_if_revoked);
}

void tenure_take_revocation(struct outlets *set, struct text row)
{
	const char *sub;

	(void)revocations_add(&set->coming, row, clock_wall_ms(), &sub);
}

void tenure_keys_changed(struct outlets *set)
{
	outlets_each(set, NULL, close_if_revoked);
}

void tenure_took_revocations(struct outlets *set)
{
	revocations_release(&set->revocations);
	set->revocations = set->coming;
	revocations_init(&set->coming);
	outlets_each(set, NULL, close_if_revoked);
}

/* --- authorize --- */

static void hear_recheck(struct outlets *set, struct json_object *data)
{
	struct json_object *sub = NULL;

	json_object_object_get_ex(data, "sub", &sub);
	outlets_each(set, sub == NULL ? NULL : json_object_get_string(sub), recheck_start);
}

/* --- renewal --- */

/* Would this identity have been let in to the same events of this stream? What functions list for
 * it now is asked after that (recheck_start). */
static bool has_same_part(const struct part *part, const struct identity *id,
			  const struct params *params, const struct entitlement_said *said)
{
	const struct stream *s = part->stream;
	const char *param;
	struct wanted wanted;
	struct buf keys;
	bool same;

	buf_init(&keys);
	same = entitlement_decide(&s->def, id, params, said, &wanted, &param) == ENTITLED;
	if (same) {
		uint32_t count = wanted_append_keys(&wanted, s, &keys);

		same = part_has_keys(part, keys.data, count);
	}
	wanted_release(&wanted);
	buf_release(&keys);
	return same;
}

static bool has_same_rights(const struct outlet *o, const struct identity *id)
{
	bool same = true;

	for (size_t i = 0; i < o->sub.part_count && same; i++) {
		const struct selected *item = &o->selection->items[i];
		const char *json = selection_params(o->selection, i);
		struct json_object *query = json_parse(json, strlen(json));
		struct params params = {.count = 0};

		params_json_read(query, &params);
		same = has_same_part(&o->sub.parts[i], id, &params,
				     &(struct entitlement_said){item->listed, item->typed});
		json_object_put(query);
	}
	return same;
}

static bool is_same_user(const struct outlet *o, const struct identity *id)
{
	return o->holder.user != NULL && id->sub != NULL && strcmp(o->holder.user, id->sub) == 0;
}

enum renewal tenure_renew(struct outlets *set, const char *code, const struct identity *id)
{
	struct outlet *o = code_find(set, code);
	struct holder holder;
	enum renewal result = RENEWAL_REFUSED;

	if (o == NULL || outlet_is_ending(o))
		return RENEWAL_ELSEWHERE;
	if (is_same_user(o, id) && outlets_accept(set, identity_standing(id)) &&
	    has_same_rights(o, id)) {
		holder_init(&holder, id, selection_needs_claims(o->selection));
		recheck_stop(o); /* the recheck reads the holder's texts */
		expiry_renew(o, &holder);
		recheck_start(o);
		result = RENEWAL_DONE;
	}
	return result;
}

static void hear_renew(struct outlets *set, struct json_object *data)
{
	struct json_object *code, *identity;
	struct identity id;
	const char *json;

	if (!json_object_object_get_ex(data, "code", &code) ||
	    !json_object_object_get_ex(data, "identity", &identity))
		return;
	json = json_object_to_json_string_ext(identity, JSON_C_TO_STRING_PLAIN);
	if (!identity_read(json, strlen(json), set->options->token.subject, &id))
		return;
	if (id.ends_ms > clock_wall_ms())
		(void)tenure_renew(set, json_object_get_string(code), &id);
	identity_release(&id);
}

bool tenure_hear(struct outlets *set, const struct event *event)
{
	struct json_object *data;

	if (text_is(event->name, "pardon"))
		return true;
	if (text_is(event->name, "revoke")) {
		hear_revoke(set, event->data);
		return false;
	}
	data = json_parse(event->data.bytes, event->data.len);
	if (text_is(event->name, "recheck"))
		hear_recheck(set, data);
	else if (text_is(event->name, "renew"))
		hear_renew(set, data);
	json_object_put(data);
	return false;
}
