/* SPDX-License-Identifier: PostgreSQL */
#include "pg/message.h"

#include <string.h>

void message_append(struct buf *line, const char *message)
{
	const char *joint = "";

	while (*message != '\0') {
		size_t len = strcspn(message, "\n");

		if (len > 0 && message[0] != '\t') {
			buf_append_str(line, joint);
			buf_append(line, message, len);
			joint = "; ";
		}
		message += len + (message[len] == '\n');
	}
}
