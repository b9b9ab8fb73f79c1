/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/code.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/xalloc.h"
#include "outlet/outlets.h"

void code_give(struct outlet *o)
{
	char code[SECRET_TEXT_MAX];

	secret_make(code);
	o->code = xstrdup(code);
	strmap_put(&o->set->codes, code, strlen(code), o);
}

void code_take(struct outlet *o)
{
	if (o->code != NULL)
		strmap_remove(&o->set->codes, o->code, strlen(o->code));
	free(o->code);
	o->code = NULL;
}

struct outlet *code_find(const struct outlets *set, const char *code)
{
	return strmap_get(&set->codes, code, strlen(code));
}
