# pgherald in bash. `make options` has made this of the program's help.
_pgherald() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=
  COMPREPLY=()
  [[ $word != = ]] || word=
  [[ $before != = ]] || before=${COMP_WORDS[COMP_CWORD-2]}
  case $before in
    --log-level) words='error warn info debug' ;;
    --log-format) words='text json' ;;
    --config | --admin-token-file | --jwt-secret-file | --jwt-public-key-file | --jwks-file | \
      --jwks-ca-file | --secret-file | --token-file)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return ;;
    --database-url | --listen | --admin-listen | --console | --jwt-secret | --oidc-issuer | \
      --jwks-url | --jwt-algorithm | --jwt-issuer | --jwt-audience | --jwt-subject | \
      --jwt-leeway | --jwt-cookie | --token-sources | --heartbeat | --retry | --workers | \
      --max-streams | --max-streams-per-user | --max-streams-per-ip | --trusted-proxies | \
      --allowed-origins | --log-size | --compress-above | --retention | --wake | \
      --poll-interval | --encryption-key | --encryption-key-id | --ready-grace | --drain-delay \
      | --table | --audience | --from | --topic | --columns | --exclude | --numbers | --sub | \
      --claim | --ttl | --url | --stream | --to | --name | --attempts | --change | --row | \
      --token | --claims | --events)
      return ;;
  esac
  if [[ -z $words && $COMP_CWORD -gt 1 && $word == -* ]]; then
    words='--help --config --database-url --listen --admin-listen --console --admin-token-file
      --jwt-secret --jwt-secret-file --jwt-public-key-file --jwks-file --oidc-issuer --jwks-url
      --jwks-ca-file --jwt-algorithm --jwt-issuer --jwt-audience --jwt-subject --jwt-leeway
      --jwt-cookie --token-sources --heartbeat --retry --workers --max-streams
      --max-streams-per-user --max-streams-per-ip --trusted-proxies --allowed-origins
      --log-size --compress-above --retention --wake --poll-interval --encryption-key
      --encryption-key-id --ready-grace --drain-delay --log-level --log-format'
    case ${COMP_WORDS[1]} in
      dev) words+=' --table --audience --yes --shared --cleanup' ;;
      migrate) words+=' --status --dry-run --print --from' ;;
      watch) words+=' --topic --audience --columns --exclude --numbers' ;;
      watches) words+=' --json' ;;
      rules) words+=' --json' ;;
      streams) words+=' --json' ;;
      actions) words+=' --json' ;;
      token) words+=' --sub --claim --ttl' ;;
      tail) words+=' --from --json --url' ;;
      forward) words+=' --stream --to --name --from --secret-file --attempts --again --sub --claim --url' ;;
      types) words+=' --stream' ;;
      explain) words+=' --stream --change --row --token --token-file --claims --events --json' ;;
      doctor) words+=' --json' ;;
      uninstall) words+=' --yes' ;;
    esac
  elif [[ -z $words && $COMP_CWORD -gt 1 ]]; then
    case ${COMP_WORDS[1]} in
      config) words='check sample table man' ;;
      help) words='serve dev migrate watch unwatch watches rules unrule streams unstream actions unaction
      token tail forward types explain doctor uninstall config help version' ;;
    esac
  elif [[ -z $words ]]; then
    words='serve dev migrate watch unwatch watches rules unrule streams unstream actions unaction
      token tail forward types explain doctor uninstall config help version --help --version'
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _pgherald pgherald
