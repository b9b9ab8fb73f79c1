/* SPDX-License-Identifier: PostgreSQL */
#include "cli.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
