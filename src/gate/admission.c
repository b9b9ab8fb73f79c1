/* SPDX-License-Identifier: PostgreSQL */
#include "gate/admission.h"

#include "base/clock.h"
#include "base/log.h"
#include "http/codes.h"
#include "outlet/outlets.h"

bool admission_room(struct gate *gate, const char *user, const char *address, struct refusal *r)
{
	const struct outlets *set = gate->outlets;

	switch (set->draining ? QUOTA_FULL : quota_room(&set->quota, set->options, user, address)) {
	case QUOTA_ROOM:
		return true;
	case QUOTA_FULL:
		refusal_full(r);
		break;
	case QUOTA_USER_FULL:
		refusal_too_many(r, "Too many streams of this user");
		break;
	case QUOTA_ADDRESS_FULL:
		refusal_too_many(r, "Too many streams from this address");
	}
	return false;
}

/*
 * The parameter `events` names the stream's events that the request asks for, as in `events=a,b`.
 */
static bool narrow(const struct params *params, struct wanted *wanted, struct refusal *r)
{
	const struct text *names = params_find_asked(params, "events");

	if (names == NULL || wanted_narrow(wanted, *names))
		return true;
	refusal_set(r, HTTP_BAD_REQUEST, "The parameter events names more than %d events",
		    WANTED_NAMES_MAX);
	return false;
}

static bool decide_right(struct gate *gate, const struct stream *s, const struct identity *id,
			 const struct params *params, const struct entitlement_said *said,
			 struct wanted *ret_wanted, struct refusal *r)
{
	const char *param = NULL;

	switch (entitlement_decide(&s->def, id, params, said, ret_wanted, &param)) {
	case ENTITLED:
		return narrow(params, ret_wanted, r);
	case ENTITLEMENT_BAD_PARAM:
		refusal_set(r, HTTP_BAD_REQUEST, "The parameter %.60s is missing", param);
		break;
	case ENTITLEMENT_FORBIDDEN:
		refusal_stats_log(&gate->refusals, "[STREAM] refused: '%s' may not open '%s'",
				  id->sub == NULL ? "" : id->sub, s->def.path);
		refusal_forbidden(r, "open this stream");
	}
	return false;
}

bool admission_decide(struct gate *gate, const struct stream *s, const struct identity *id,
		      const struct params *params, const struct entitlement_said *said,
		      const char *address, struct wanted *ret_wanted, struct refusal *ret_refusal)
{
	*ret_wanted = (struct wanted){.count = 0};
	if (id->claims == NULL && !s->def.anonymous) { /* it was anonymous when they asked */
		refusal_of_token(ret_refusal, false);
		return false;
	}
	if (id->ends_ms <= clock_wall_ms() ||
	    !outlets_accept(gate->outlets, identity_standing(id))) {
		refusal_stats_log(
			&gate->refusals,
			"[STREAM] refused: a token of '%s' that was revoked, or has ended "
			"while it waited, or of a key that was revoked",
			id->sub == NULL ? "" : id->sub);
		refusal_of_token(ret_refusal, true);
		return false;
	}
	return decide_right(gate, s, id, params, said, ret_wanted, ret_refusal) &&
	       admission_room(gate, id->sub, address, ret_refusal);
}
