#!/usr/bin/env bash
# release.sh [--to DIR] [--arch "amd64 arm64 ..."] [--quick] [--pack BINARY VERSION]: what people install, into dist/,
# each file built twice and equal byte for byte.
#
#   latchkey-VERSION-linux-ARCH.tar.gz   the static binary, ready for `sudo ./latchkey install`
#   latchkey_VERSION_ARCH.deb            the same for Debian, Ubuntu and Raspberry Pi OS
#   SHA256SUMS                           of all of them
#
# Both builds start from copies of the tree that lie elsewhere, under another name, user's home, clock zone, language
# and umask, and each compiles everything anew. Who wants to prove a release takes its commit, the Go version that
# `go version FILE` tells, and runs this. SOURCE_DATE_EPOCH, else the commit's time, is the time of every file.
# Before anything is handed out, each binary for another processor lives a short story under an emulator (test/foreign).
# --quick lets the first build use what is compiled already and leaves out the stories: the tests use it. --pack
# builds and compares nothing: it packs a binary that is there, for tests that want packages of several versions.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

# nfpm's later versions want modules that not every module proxy hands out.
nfpm=v2.43.4
tools=${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/latchkey/nfpm-$nfpm

# What runs where: GOARCH and its level. The lowest level that each kind of machine has, so that the oldest runs it too.
declare -A level=([amd64]="GOAMD64=v1" [arm64]="GOARM64=v8.0" [armv7]="GOARM=7" [armv6]="GOARM=6" [riscv64]="GORISCV64=rva20u64")
# Debian's names. Its armhf means ARMv7, Raspberry Pi OS's means ARMv6 and runs on the first Raspberry Pi: the ARMv6
# binary serves both, so there is no package of the other.
declare -A debian=([amd64]=amd64 [arm64]=arm64 [armv6]=armhf [riscv64]=riscv64)

to=dist arches="amd64 arm64 armv7 armv6 riscv64" quick='' packed='' version=$(git describe --always --dirty)
while [ $# -gt 0 ]; do
	case $1 in
	--to) to=$2 && shift 2 ;;
	--arch) arches=$2 && shift 2 ;;
	--quick) quick=1 && shift ;;
	--pack) packed=$(realpath "$2") version=$3 && shift 3 ;;
	*) echo "release.sh: there is no $1" >&2 && exit 2 ;;
	esac
done
for arch in $arches; do
	[ -n "${level[$arch]:-}" ] || { echo "release.sh: there is no architecture $arch (${!level[*]})" >&2 && exit 2; }
done

work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT

SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
# Debian's versions begin with a digit and have to grow: one without a tag counts by its commit's time, before any tag.
if [[ $version =~ ^v?([0-9]+\.[0-9].*)$ ]]; then
	deb_version=${BASH_REMATCH[1]//-/+}
else
	deb_version=0~$(date -u -d "@$(git log -1 --format=%ct)" +%Y%m%d%H%M%S)+${version//-/.}
fi

# lay DIR: a copy of the tree, and of the page's packages.
lay() {
	mkdir -p "$1"
	git ls-files -co --exclude-standard -z | while IFS= read -r -d '' file; do
		[ ! -e "$file" ] || printf '%s\0' "$file"
	done | tar --null -T - -cf - | tar -xf - -C "$1"
	ln -s "$root/node_modules" "$1/node_modules"
	(cd "$1" && node scripts/vendor.mjs && rm node_modules)
}

# go_in SIDE COMMAND...: a Go command in the copy of a side, which sees nothing of its caller's environment.
go_in() {
	local side=$1 cache=$work/$1-cache place=()
	shift
	[ -z "$quick" ] || [ "$side" != one ] || cache=$(go env GOCACHE)
	case $side in
	one) place=(TZ=UTC LANG=C HOME="$work/one-home") ;;
	two) place=(TZ=Pacific/Chatham LANG=de_DE.UTF-8 HOME="$work/two-home/longer") ;;
	esac
	(cd "${tree[$side]}" && env -i PATH="$PATH" "${place[@]}" GOCACHE="$cache" GOMODCACHE="$(go env GOMODCACHE)" GOPROXY=off \
		GOFLAGS='' GOWORK=off GOENV=off GOTOOLCHAIN=local GOTELEMETRY=off CGO_ENABLED=0 GOOS=linux "$@")
}

# licenses FILE: the notices of everything that the binary holds, as their authors ask.
licenses() {
	local path dir file
	go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}	{{.Dir}}{{end}}{{end}}' . | LC_ALL=C sort -u >"$work/modules"
	{
		echo "Latchkey is built with the works below. Each is followed by what its authors ask to be told with it."
		while IFS=$'\t' read -r path dir; do
			printf '\n\n==== %s\n' "$path"
			for file in "$dir"/LICEN[CS]E* "$dir"/COPYING* "$dir"/NOTICE*; do
				[ ! -f "$file" ] || { echo && cat "$file"; }
			done
		done <"$work/modules"
		printf '\n\n==== The Go standard library and runtime\n\n' && cat "$(go env GOROOT)/LICENSE"
		printf '\n\n==== hash-wasm\n\n' && cat "${tree[one]}/webui/static/vendor/argon2.LICENSE.txt"
	} >"$1"
}

# pack SIDE ARCH: the archive, and the package where Debian has the architecture.
pack() {
	local side=$1 arch=$2 out=$work/$1-out name
	name=latchkey-$version-linux-$arch
	local stage=$work/$side-stage/$name
	mkdir -p "$stage"
	install -m 755 "$work/$side-bin/$arch" "$stage/latchkey"
	install -m 644 "${tree[$side]}/README.md" "${tree[$side]}/config.example.toml" "$work/licenses.txt" "$stage"
	[ -n "$packed" ] || tar -C "$work/$side-stage" --sort=name --format=ustar --owner=0 --group=0 --numeric-owner \
		--mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" -cf - "$name" | gzip -9n >"$out/$name.tar.gz"
	[ -n "${debian[$arch]:-}" ] || return 0
	gzip -9n <"$work/changelog" >"$stage/changelog.gz"
	gzip -9n <"$work/licenses.txt" >"$stage/licenses.txt.gz"
	gzip -9n <"${tree[$side]}/packaging/deb/latchkey.8" >"$stage/latchkey.8.gz"
	(cd "${tree[$side]}" && ARCH=${debian[$arch]} VERSION=$deb_version STAGE=$stage \
		"$tools/nfpm" package -f packaging/deb/nfpm.yaml -p deb -t "$out/latchkey_${deb_version}_${debian[$arch]}.deb" >"$work/nfpm.log") ||
		{ cat "$work/nfpm.log" >&2 && return 1; }
}

declare -A tree=([one]="$work/one/latchkey" [two]="$work/two/another/folder/of/another/length/house")
scripts/page.sh
go mod download
if [ ! -x "$tools/nfpm" ]; then
	mkdir -p "$tools"
	(cd "$tools" && GOFLAGS='' GOWORK=off GOBIN=$tools go install github.com/goreleaser/nfpm/v2/cmd/nfpm@$nfpm)
fi
printf 'latchkey (%s) stable; urgency=medium\n\n  * Built from %s.\n\n -- The Latchkey project <latchkey@latchkey.invalid>  %s\n' \
	"$deb_version" "$version" "$(LC_ALL=C date -u -d "@$SOURCE_DATE_EPOCH" -R)" >"$work/changelog"
sides="one two"
[ -z "$packed" ] || sides=one
for side in $sides; do
	[ "$side" = one ] || umask 077
	lay "${tree[$side]}"
	mkdir -p "$work/$side-bin" "$work/$side-out" "$work/$side-home"
	[ "$side" = two ] || licenses "$work/licenses.txt"
	for arch in $arches; do
		if [ -n "$packed" ]; then
			cp "$packed" "$work/one-bin/$arch"
			pack one "$arch"
			continue
		fi
		# shellcheck disable=SC2086
		go_in "$side" GOARCH="${arch%v[67]}" ${level[$arch]} go build -trimpath -buildvcs=false \
			-ldflags "-s -w -buildid= -X main.version=$version" -o "$work/$side-bin/$arch" .
		pack "$side" "$arch"
	done
done

if [ -n "$packed" ]; then
	mkdir -p "$to"
	cp "$work/one-out"/*.deb "$to"
	exit
fi

cd "$work/one-out"
for file in *; do
	cmp "$file" "$work/two-out/$file" || { echo "release.sh: two builds of $file are not the same" >&2 && exit 1; }
done
# The binaries bare, too: the archives could be equal by chance of neither holding one.
for arch in $arches; do
	cmp "$work/one-bin/$arch" "$work/two-bin/$arch"
done
sha256sum -- * >SHA256SUMS
if command -v lintian >/dev/null && compgen -G '*.deb' >/dev/null; then
	lintian --fail-on error,warning --allow-root ./*.deb >"$work/lintian" 2>&1 || { cat "$work/lintian" >&2 && exit 1; }
fi

cd "$root"
if [ -z "$quick" ]; then
	LATCHKEY_BINARIES=$work/one-bin go test -count=1 -v ./test/foreign >"$work/foreign" 2>&1 || { cat "$work/foreign" >&2 && exit 1; }
	grep -E '^ +--- ' "$work/foreign"
fi
umask 022
rm -rf "$to"
mkdir -p "$to"
cp "$work/one-out"/* "$to"
chmod 644 "$to"/*
echo "$version, each built twice and equal, by $(go env GOVERSION), is in $to:"
(cd "$to" && du -h --apparent-size -- * | sed 's/^/  /')
