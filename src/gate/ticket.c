/* SPDX-License-Identifier: PostgreSQL */
#include "gate/ticket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/xalloc.h"
#include "http/codes.h"
#include "gate/endpoint.h"
#include "gate/waiter.h"

struct ticket {
	struct waiter waiter;
	char text[SECRET_TEXT_MAX], hash[DIGEST_TEXT_MAX];
	char *identity, *origin;
};

bool ticket_hash(const char *ticket, size_t len, char ret_hash[DIGEST_TEXT_MAX])
{
	if (len != SECRET_TEXT_MAX - 1 || strspn(ticket, "0123456789abcdef") < len)
		return false;
	digest_text(ticket, len, ret_hash);
	return true;
}

static void over(struct waiter *p)
{
	struct ticket *t = container_of(p, struct ticket, waiter);

	explicit_bzero(t->text, sizeof(t->text));
	free(t->identity);
	free(t->origin);
	free(t);
}

static void on_kept(struct question *q, const struct answer *a)
{
	struct ticket *t =
		container_of(container_of(q, struct waiter, question), struct ticket, waiter);
	struct refusal refusal;
	char body[SECRET_TEXT_MAX + 64];

	if (a->values[0] == NULL) {
		refusal_of_question(&refusal, q);
		waiter_refuse(&t->waiter, &refusal);
	} else if (strcmp(a->values[0], "true") != 0) {
		refusal_too_many(&refusal, "Too many unused tickets of this user");
		waiter_refuse(&t->waiter, &refusal);
	} else {
		snprintf(body, sizeof(body), "{\"ticket\":\"%s\",\"expires_in\":%d}", t->text,
			 TICKET_SECONDS);
		waiter_answer(&t->waiter, HTTP_CREATED, body, NULL, NULL);
	}
	explicit_bzero(body, sizeof(body));
}

static bool start(struct gate *gate, const struct request *r, const struct identity *id,
		  struct refusal *ret_refusal)
{
	struct ticket *t = xcalloc(1, sizeof(*t));
	struct buf identity;

	if (!waiter_init(&t->waiter, gate, r, NULL, over, ret_refusal)) {
		over(&t->waiter);
		return false;
	}
	buf_init(&identity);
	identity_append_json(id, &identity);
	t->identity = buf_detach(&identity);
	t->origin = r->origin == NULL ? NULL : xstrdup(r->origin);
	secret_make(t->text);
	digest_text(t->text, strlen(t->text), t->hash);
	t->waiter.question = (struct question){.kind = QUESTION_TICKET,
					       .answered = on_kept,
					       .params = {t->hash, t->identity, t->origin}};
	waiter_ask(&t->waiter, id->sub);
	return true;
}

bool ticket_post(struct gate *gate, const struct request *r)
{
	return endpoint_post(gate, r, start);
}
