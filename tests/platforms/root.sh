# root.sh: throw-away Debian systems, each in a directory. tests/platforms/run sources this file. A
# system begins as a machine on which nothing was prepared but git, make, ca-certificates and sudo.
# An ordinary user, newcomer, has a clone of this tree in pgherald/. root has one, too.

# The archive that this machine uses itself, unless DEBIAN_MIRROR names one.
mirror_of_machine() {
  local found
  found=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    sed -n 's,^Debian \(.*/debian/*\)$,\1,p' | head -n 1)
  echo "${DEBIAN_MIRROR:-${found:-http://deb.debian.org/debian}}"
}

# make_root SUITE DIRECTORY: makes a system. Fails if the archive does not answer three times.
make_root() {
  local try
  for try in 1 2 3; do
    rm -rf --one-file-system "$2"
    # Nobody else sees what debootstrap mounts, and it goes when debootstrap ends.
    unshare --mount --pid --fork --kill-child --mount-proc debootstrap --variant=minbase --include=git,make,ca-certificates,sudo "$1" "$2" "$(mirror_of_machine)" >"$2.log" 2>&1 &&
      { settle "$2"; return; }
    echo "   debootstrap $1, try $try: $(tail -n 1 "$2.log")"
  done
  return 1
}

# How this machine reaches packages is no part of the project. The root gets the same settings.
settle() { # ROOT
  local root=$1
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  { apt-config dump Acquire; echo 'Acquire::Retries "3";'; } >"$root/etc/apt/apt.conf.d/00machine"
  cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null
  cat "$(npm config get globalconfig)" "$(npm config get userconfig)" >"$root/etc/machine.npmrc" 2>/dev/null
  in_root "$root" update-ca-certificates >/dev/null 2>&1
  in_root "$root" useradd --create-home --shell /bin/bash newcomer
  echo 'newcomer ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/newcomer"
  git clone --quiet --no-hardlinks . "$root/home/newcomer/pgherald"
  git clone --quiet --no-hardlinks . "$root/root/pgherald"
  in_root "$root" chown -R newcomer:newcomer /home/newcomer
}

# in_root ROOT COMMAND…: runs a command as root in the system, in a process namespace of its own.
# All that it starts ends with it.
in_root() {
  local root=$1
  shift
  unshare --mount --pid --fork --kill-child bash -c '
    root=$1; shift
    mount --make-rprivate / && mount -t proc proc "$root/proc" && mount --rbind /sys "$root/sys" && mount --rbind /dev "$root/dev" && mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm" || exit 1
    exec chroot "$root" /usr/bin/env -i "$@"' in_root "$root" \
    HOME=/root TERM=dumb LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    NPM_CONFIG_USERCONFIG=/etc/machine.npmrc NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} "$@"
}

# as_user ROOT USER COMMAND: runs a shell command as this user, in the user's clone.
as_user() {
  local root=$1 user=$2 home=/home/$2
  [ "$user" != root ] || home=/root
  in_root "$root" HOME="$home" setpriv --reuid "$user" --regid "$user" --init-groups bash -c "cd && cd pgherald && $3"
}

# boot_root ROOT: starts the system's own systemd, in namespaces of its own, also of the network.
# Sets `booted` to the process that ends it. Fails where this machine has no cgroups of version 2.
boot_root() {
  local root=$1 cgroups
  cgroups=$(findmnt --raw --noheadings --output TARGET --types cgroup2 | head -n 1)
  [ -n "$cgroups" ] && [ -e "$root/sbin/init" ] || return 1
  cgroups=$cgroups/pgherald-$$-${root##*/}
  mkdir -p "$cgroups" || return 1
  booted_cgroups=$cgroups
  bash -c 'echo $$ >"$2/cgroup.procs" && exec unshare --cgroup --mount --pid --uts --ipc --net --fork --kill-child bash -c "$3" boot_root "$1"' \
    boot_root "$root" "$cgroups" '
    root=$1
    mount --make-rprivate / && mount --bind "$root" "$root" && mount -t proc proc "$root/proc" && mount -t sysfs sysfs "$root/sys" &&
      mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup" && mount -t tmpfs tmpfs "$root/run" && mount --rbind /dev "$root/dev" && mount -t tmpfs tmpfs "$root/dev/shm" || exit 1
    exec chroot "$root" /usr/bin/env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --log-target=null --show-status=no' \
    </dev/null >/dev/null 2>&1 &
  booted=$!
  local try
  for try in $(seq 100); do
    sleep 0.3
    [ "$(in_booted env systemctl is-system-running 2>/dev/null)" != running ] || return 0
    kill -0 "$booted" 2>/dev/null || return 1
  done
  halt_root
  return 1
}

# in_booted COMMAND…: as root in the system that boot_root has started.
in_booted() {
  local init
  init=$(pgrep -P "$booted") || return 1
  nsenter --target "$init" --mount --pid --ipc --uts --net --cgroup --root --wd /usr/bin/env -i HOME=/root TERM=dumb LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

halt_root() {
  kill -KILL "$booted" 2>/dev/null
  wait "$booted" 2>/dev/null
  find "$booted_cgroups" -depth -type d -exec rmdir {} \; 2>/dev/null
  booted=
}

remove_root() { # ROOT
  rm -rf --one-file-system "$1" "$1.log"
}
