/* SPDX-License-Identifier: PostgreSQL */
#include "http/ticket.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "http/desk.h"
#include "http/parked.h"

struct ticket {
	struct parked parked;
	char text[SECRET_TEXT_MAX], hash[TICKET_HASH_MAX];
	char *identity, *origin;
};

static void hash_text(const char *text, size_t len, char ret_hash[TICKET_HASH_MAX])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (EVP_Digest(text, len, digest, &size, EVP_sha256(), NULL) != 1 || size != 32)
		size = 0; /* the empty hash: no ticket has it */
	ret_hash[0] = '\0';
	for (unsigned int i = 0; i < size; i++)
		sprintf(ret_hash + (size_t)2 * i, "%02x", digest[i]);
}

bool ticket_hash(const char *ticket, size_t len, char ret_hash[TICKET_HASH_MAX])
{
	if (len != SECRET_TEXT_MAX - 1 || strspn(ticket, "0123456789abcdef") < len)
		return false;
	hash_text(ticket, len, ret_hash);
	return true;
}

static void over(struct parked *p)
{
	struct ticket *t = container_of(p, struct ticket, parked);

	explicit_bzero(t->text, sizeof(t->text));
	free(t->identity);
	free(t->origin);
	free(t);
}

static void on_kept(struct question *q, bool failed, const char *value)
{
	struct ticket *t =
		container_of(container_of(q, struct parked, question), struct ticket, parked);
	struct refusal refusal;
	char body[SECRET_TEXT_MAX + 64];

	if (failed || value == NULL) {
		refusal_of_question(&refusal, q);
		parked_refuse(&t->parked, &refusal);
	} else if (strcmp(value, "true") != 0) {
		refusal_too_many(&refusal, "Too many unused tickets of this user");
		parked_refuse(&t->parked, &refusal);
	} else {
		snprintf(body, sizeof(body), "{\"ticket\":\"%s\",\"expires_in\":%d}", t->text,
			 TICKET_SECONDS);
		parked_answer(&t->parked, MHD_HTTP_CREATED, body, NULL, NULL);
	}
	explicit_bzero(body, sizeof(body));
}

static bool start(struct outlets *set, const struct request *r, const struct identity *id,
		  struct refusal *ret_refusal)
{
	struct ticket *t = xcalloc(1, sizeof(*t));
	struct buf identity;

	if (!parked_init(&t->parked, set, r, NULL, over, ret_refusal)) {
		over(&t->parked);
		return false;
	}
	buf_init(&identity);
	identity_append_json(id, &identity);
	t->identity = buf_detach(&identity);
	t->origin = r->origin == NULL ? NULL : xstrdup(r->origin);
	secret_make(t->text);
	hash_text(t->text, strlen(t->text), t->hash);
	t->parked.question = (struct question){.kind = QUESTION_TICKET,
					       .answered = on_kept,
					       .params = {t->hash, t->identity, t->origin}};
	parked_ask(&t->parked);
	return true;
}

enum MHD_Result ticket_post(struct outlets *set, const struct request *r)
{
	return desk_post(set, r, start);
}
