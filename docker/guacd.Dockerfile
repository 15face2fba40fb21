# guacd where no registry answers. Bullseye is the last Debian that has it.
ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc && rm -rf /var/lib/apt/lists/*
COPY silent-syslog.c /
RUN gcc -shared -fPIC -nostdlib -O1 -o /silent-syslog.so /silent-syslog.c

FROM ${DEBIAN_IMAGE}
RUN groupadd --gid 1000 guacd && useradd --uid 1000 --gid guacd --home-dir /home/guacd guacd \
 && apt-get update && apt-get install -y --no-install-recommends guacd libguac-client-rdp0 netcat-openbsd \
 && rm -rf /var/lib/apt/lists/* && install -d -o guacd -g guacd -m 0700 /home/guacd
COPY --from=build /silent-syslog.so /usr/lib/silent-syslog.so
# FreeRDP keeps its state under HOME and refuses one that others may read.
ENV HOME=/home/guacd LC_ALL=C.UTF-8 GUACD_LOG_LEVEL=info LD_PRELOAD=/usr/lib/silent-syslog.so
USER 1000:1000
EXPOSE 4822
CMD ["sh", "-c", "exec guacd -b 0.0.0.0 -L \"$GUACD_LOG_LEVEL\" -f"]
