# shellcheck shell=bash
# Has the exam page really loaded? Two witnesses must agree, and no debugging port is opened to ask the browser:
# the site, asked from inside as the student, answers the page's address with a page; and the browser's
# window has a title that is no error page's. Chromium names its error pages after the host.

# A host that is not there lets every connection wait for a minute.
CONNECT_SECONDS=3
ASK_SECONDS=15
# It can be told from a student's browser in the site's log; but some sites turn strange browsers away, and some send
# everybody round in a circle who takes no cookie.
AGENT='Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 ExamDesktop/1'

# The site's answer, in two lines: "STATUS FINAL-URL" and "=TITLE". Only the page's head is read.
ask_site() {
  {
    "${STUDENT[@]}" curl -sL -b '' -A "$AGENT" --connect-timeout "$CONNECT_SECONDS" --max-time "$ASK_SECONDS" \
      -w '%{stderr}%{http_code} %{url_effective}\n' "$EXAM_BROWSER_URL" |
      head -c 200000 | tr '\r\n\0' '   ' | grep -aoiEm1 '<title[^>]*>[^<]*' | sed -n '1s/[^>]*>[[:space:]]*/=/p'
  } 2>&1
}

# Asks until the site answers, then says so as one more line among the windows': ".<TAB>up titled|untitled URL";
# before that, ".<TAB>down STATUS" for each time that it did not (000: no answer at all).
ask_until_up() {
  local line status url title titled tries=0
  while :; do
    status=000 url='' title='' titled=untitled
    while read -r line; do
      case "$line" in
        [0-9][0-9][0-9]\ http*) status=${line%% *} url=${line#* } ;;
        =*) title=${line#=} ;;
      esac
    done < <(ask_site)
    if [ "$(kind_of_title "$title - Chromium" "$EXAM_BROWSER_URL" "$url")" = own ]; then titled=titled; fi
    # Redirects are followed, so a page is a 2xx; a 3xx is left where one led nowhere.
    if [[ $status = 2?? ]]; then
      printf '.\tup %s %s\n' "$titled" "$url"
      return
    fi
    printf '.\tdown %s\n' "$status"
    # A site that stays down is not stormed by a whole hall when it comes back.
    if ((++tries < 20)); then nap 1; else nap $((10 + RANDOM % 10)); fi
  done
}

host_of() { local h=${1#*://}; h=${h%%[/?#]*}; echo "${h%:*}"; }

# What a window's title says: empty, the page's own, or only an address, as of an error page or a page without a title.
kind_of_title() { # TITLE URL…
  local title=${1% - Chromium} url host
  case "$title" in
    "$1" | '' | Untitled | 'New Tab' | about:blank) echo none; return ;;
  esac
  shift
  for url in "$@"; do
    host=$(host_of "$url")
    case "$title" in
      "$host" | "$host"[:/?#]* | "$url") echo address; return ;;
    esac
  done
  echo own
}
