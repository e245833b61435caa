#!/bin/sh
# Makes the PNG pictures of the mark from static/icons/mark.svg with ImageMagick.
# Run it when the mark changes; its products are committed.
set -eu
cd "$(dirname "$0")/static/icons"
full=$(mktemp --suffix=.svg)
trap 'rm -f "$full"' EXIT
# Systems cut their own shape from apple-touch and maskable icons: those get a square
# ground, and the maskable one stays inside the safe circle of 80 %.
sed 's/ rx="11"//' mark.svg > "$full"
for size in 32 192 512; do
	convert -background none -density 1200 mark.svg -resize "${size}x${size}" -strip "PNG8:mark-$size.png"
done
convert -background none -density 1200 "$full" -resize 180x180 -strip PNG8:mark-180.png
convert -background none -density 1200 "$full" -resize 410x410 -background '#2b2620' -gravity center -extent 512x512 -strip PNG8:mark-maskable.png
