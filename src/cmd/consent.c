/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/consent.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "exit.h"

int consent_ask(const struct cli_call *call, const char *command)
{
	char answer[16] = "";

	if (cli_flag(call, "yes")->count > 0)
		return EXIT_DONE;
	fflush(stdout);
	if (!isatty(STDIN_FILENO))
		return cli_usage("%s asks at a terminal, and there is none: say --yes", command);
	printf("\nGo on? Type yes: ");
	fflush(stdout);
	if (fgets(answer, sizeof(answer), stdin) == NULL)
		putchar('\n');
	answer[strcspn(answer, "\r\n")] = '\0';
	if (strcasecmp(answer, "yes") == 0)
		return EXIT_DONE;
	puts("nothing was changed");
	return EXIT_FAILED;
}
