/** Every word that the pages show. {x} is filled in. English is the key's meaning, Vietnamese stands beside it. */
export const texts = {
  // both pages
  appName: ['Exam desktop', 'Máy thi'],
  consoleName: ['Exam console', 'Quản trị máy thi'],
  language: ['Language', 'Ngôn ngữ'],
  logIn: ['Log in', 'Đăng nhập'],
  logOut: ['Log out', 'Đăng xuất'],
  username: ['User name', 'Tên đăng nhập'],
  password: ['Password', 'Mật khẩu'],
  showPassword: ['Show password', 'Hiện mật khẩu'],
  loginTitle: ['Log in to your exam', 'Đăng nhập vào kỳ thi'],
  loginLead: ['Use the name and password that your school gave you.', 'Dùng tên và mật khẩu nhà trường đã cấp.'],
  adminLoginTitle: ['Log in to the console', 'Đăng nhập trang quản trị'],
  adminLoginLead: ['For administrators and proctors.', 'Dành cho quản trị viên và giám thị.'],
  cancel: ['Cancel', 'Hủy'],
  save: ['Save', 'Lưu'],
  tryAgain: ['Try again', 'Thử lại'],
  skip: ['Skip to content', 'Tới nội dung chính'],

  // wrong turns
  wrong_login: ['The user name or the password is wrong.', 'Sai tên đăng nhập hoặc mật khẩu.'],
  too_many_attempts: [
    'Too many tries. Wait {seconds} s and try again.',
    'Thử quá nhiều lần. Hãy đợi {seconds} giây rồi thử lại.',
  ],
  wrong_access_code: [
    'This access code is not right. Ask your proctor for it.',
    'Mã vào thi chưa đúng. Hãy hỏi lại giám thị.',
  ],
  exam_not_active: ['This exam is closed.', 'Kỳ thi này đang đóng.'],
  exam_not_started: ['This exam has not started yet. It starts {start}.', 'Kỳ thi chưa bắt đầu. Bắt đầu lúc {start}.'],
  exam_over: ['This exam is over. It ended {end}.', 'Kỳ thi đã kết thúc lúc {end}.'],
  not_logged_in: ['Your login has run out. Please log in again.', 'Phiên đăng nhập đã hết hạn. Hãy đăng nhập lại.'],
  not_allowed: ['This account may not do that.', 'Tài khoản này không có quyền làm việc đó.'],
  not_found: ['It does not exist any more.', 'Mục này không còn nữa.'],
  exam_not_found: ['This exam does not exist any more.', 'Kỳ thi này không còn nữa.'],
  offline: ['The server cannot be reached. Check your network.', 'Không kết nối được máy chủ. Hãy kiểm tra mạng.'],
  internal: ['Something went wrong on the server. Try again.', 'Máy chủ gặp lỗi. Hãy thử lại.'],
  notStudent: ['This page is for students.', 'Trang này dành cho thí sinh.'],
  notStaff: ['This page is for administrators and proctors.', 'Trang này dành cho quản trị viên và giám thị.'],
  toConsole: ['Open the console', 'Mở trang quản trị'],
  toExams: ['Open the students’ page', 'Mở trang thí sinh'],

  // student: exams
  yourExams: ['Your exams', 'Kỳ thi của bạn'],
  noExams: ['There is no exam for you at the moment.', 'Hiện chưa có kỳ thi nào.'],
  noExamsLead: [
    'When your school opens one, it appears here by itself.',
    'Khi nhà trường mở kỳ thi, kỳ thi sẽ tự hiện ở đây.',
  ],
  accessCode: ['Access code', 'Mã vào thi'],
  accessCodeHint: ['Your proctor tells it in the room.', 'Giám thị sẽ đọc mã tại phòng thi.'],
  join: ['Start', 'Vào thi'],
  open: ['Open now', 'Đang mở'],
  startsIn: ['Starts in {time}', 'Bắt đầu sau {time}'],
  over: ['Over', 'Đã kết thúc'],
  closed: ['Closed', 'Đang đóng'],
  fromTo: ['{start} to {end}', '{start} đến {end}'],

  // student: waiting
  waitingTitle: ['Getting your desktop', 'Đang chuẩn bị máy thi'],
  waitAsking: ['Asking for a desktop…', 'Đang xin một máy thi…'],
  waitOpening: ['Your desktop is ready. Opening it…', 'Máy thi đã sẵn sàng. Đang mở…'],
  no_free_desktop: [
    'No desktop is free at this moment. You are not forgotten: we keep asking for you.',
    'Hiện chưa có máy trống. Hệ thống vẫn tiếp tục xin máy cho bạn.',
  ],
  worker_not_answering: [
    'Your desktop does not answer right now. Your work on it is kept, and we keep trying.',
    'Máy thi tạm thời không trả lời. Bài làm của bạn vẫn còn trên máy, hệ thống đang thử lại.',
  ],
  tunnel_not_opening: [
    'Your desktop is there, but the connection to it does not open yet. We keep trying.',
    'Đã có máy thi nhưng chưa mở được kết nối tới máy. Hệ thống đang thử lại.',
  ],
  waitOffline: [
    'There is no connection to the server. We keep trying.',
    'Mất kết nối tới máy chủ. Hệ thống đang thử lại.',
  ],
  waited: ['Waiting for {time} · try {n}', 'Đã đợi {time} · lần thử {n}'],
  backToExams: ['Back to the exams', 'Về danh sách kỳ thi'],

  // student: at the desktop
  desktopLabel: [
    'Exam desktop. What you type goes to the desktop. Ctrl + Alt + Shift brings you to the bar above.',
    'Máy thi. Phím bạn gõ được gửi tới máy thi. Ctrl + Alt + Shift để lên thanh phía trên.',
  ],
  timeLeft: ['Time left', 'Thời gian còn lại'],
  timeOver: ['Time is over', 'Hết giờ'],
  recordedNote: ['Your screen is recorded', 'Màn hình của bạn được ghi lại'],
  keyboard: ['Keyboard', 'Bàn phím'],
  handIn: ['Hand in', 'Nộp bài'],
  handInTitle: ['Hand in and end the exam?', 'Nộp bài và kết thúc?'],
  handInLead: [
    'Your desktop is closed and cannot be opened again. Make sure that your answers are saved on the exam page.',
    'Máy thi sẽ đóng và không mở lại được. Hãy chắc chắn câu trả lời đã được lưu trên trang thi.',
  ],
  handInYes: ['Yes, hand in', 'Nộp bài'],
  handInNo: ['Go on working', 'Làm tiếp'],
  handInFailed: ['Handing in did not get through: {why}', 'Chưa nộp được: {why}'],
  handedInTitle: ['You have handed in', 'Bạn đã nộp bài'],
  handedInLead: [
    '{exam} is finished for you. You may close this page.',
    'Bạn đã hoàn thành {exam}. Có thể đóng trang này.',
  ],
  connected: ['Connected', 'Đã kết nối'],
  disconnected: ['Not connected', 'Chưa kết nối'],
  unsteady: ['Network is slow', 'Mạng chậm'],
  lostTitle: ['Connection lost', 'Mất kết nối'],
  lostLead: [
    'Your desktop goes on running and keeps everything. You come back to it by itself.',
    'Máy thi vẫn chạy và giữ nguyên bài làm. Trang sẽ tự kết nối lại.',
  ],
  nextTry: ['Next try in {n} s', 'Thử lại sau {n} giây'],
  tryingNow: ['Trying now…', 'Đang thử…'],
  tryNow: ['Try now', 'Thử ngay'],
  takenTitle: ['Your desktop is open in another window', 'Máy thi đang mở ở cửa sổ khác'],
  takenLead: ['Only one window can show it at a time.', 'Mỗi lúc chỉ một cửa sổ hiển thị được máy thi.'],
  elsewhereLead: [
    'Close it there, then try again here. Not yours? Tell your proctor.',
    'Hãy đóng cửa sổ kia rồi thử lại ở đây. Nếu không phải bạn mở, báo giám thị.',
  ],
  useHere: ['Use it here', 'Dùng ở đây'],
  sessionOverTitle: ['This session is over', 'Phiên thi đã kết thúc'],
  sessionOverLead: ['Your desktop has been closed.', 'Máy thi đã được đóng.'],
  refusedTitle: ['The desktop did not let you in', 'Máy thi từ chối kết nối'],
  refusedLead: [
    'Go back and start once more. If it stays, tell your proctor.',
    'Hãy quay lại và vào thi lần nữa. Nếu vẫn lỗi, báo giám thị.',
  ],
  movedNote: [
    'Your earlier desktop is out of reach. This is a new one: files on the old one could not come along.',
    'Máy thi trước không còn liên lạc được. Đây là máy mới, tập tin trên máy cũ không chuyển sang được.',
  ],
  close: ['Close', 'Đóng'],

  // admin
  workers: ['Workers', 'Máy chủ thi'],
  exams: ['Exams', 'Kỳ thi'],
  tileWorkers: ['Workers healthy', 'Máy chủ hoạt động tốt'],
  tileSlots: ['Slots', 'Chỗ'],
  tileInUse: ['In use', 'Đang dùng'],
  tileFree: ['Free', 'Còn trống'],
  tileWarm: ['Warm desktops', 'Máy sẵn sàng'],
  ofTotal: ['{n} of {total}', '{n}/{total}'],
  worker: ['Worker', 'Máy chủ'],
  state: ['State', 'Trạng thái'],
  slots: ['Slots', 'Chỗ'],
  pools: ['Warm desktops', 'Máy sẵn sàng'],
  actions: ['Actions', 'Thao tác'],
  lastBeat: ['heard from {ago} ago', 'tín hiệu {ago} trước'],
  neverBeat: ['never heard from', 'chưa có tín hiệu'],
  slotsInUse: ['{used} of {max} in use, {free} free', '{used}/{max} đang dùng, còn {free}'],
  poolLine: [
    '{warm} warm, {filling} filling, {inUse} in use',
    '{warm} sẵn sàng, {filling} đang tạo, {inUse} đang dùng',
  ],
  noPools: ['none yet', 'chưa có'],
  examNumber: ['Exam {id}', 'Kỳ thi {id}'],
  Healthy: ['Healthy', 'Healthy · tốt'],
  Stale: ['Stale', 'Stale · mất tín hiệu'],
  Draining: ['Draining', 'Draining · đang rút'],
  Drained: ['Drained', 'Drained · đã rút'],
  Disabled: ['Disabled', 'Disabled · đã tắt'],
  NotReady: ['Not ready', 'Chưa sẵn sàng'],
  drain: ['Drain', 'Rút dần'],
  resume: ['Resume', 'Nhận lại'],
  disable: ['Disable', 'Tắt'],
  enable: ['Enable', 'Bật'],
  drainNamed: [
    'Drain {name}: no new students, those there go on',
    'Rút dần {name}: không nhận thêm, thí sinh đang thi vẫn tiếp tục',
  ],
  resumeNamed: ['Resume {name}', 'Nhận lại {name}'],
  disableNamed: ['Disable {name}', 'Tắt {name}'],
  enableNamed: ['Enable {name}', 'Bật {name}'],
  disableTitle: ['Disable {name}?', 'Tắt {name}?'],
  disableLead: [
    'No new students are sent there. Its next heartbeat enables it again: to keep a running worker out, use Drain.',
    'Không gửi thêm thí sinh tới đó. Tín hiệu kế tiếp sẽ tự bật lại: muốn giữ máy chủ ngoài lịch, hãy dùng Rút dần.',
  ],
  disableForceLead: [
    'Sessions running there: {n}. Drain lets them finish; disabling is meant for a worker that is in trouble. Its next heartbeat enables it again.',
    'Số phiên đang chạy ở đó: {n}. Rút dần để các phiên kết thúc; chỉ tắt khi máy chủ gặp sự cố. Tín hiệu kế tiếp sẽ tự bật lại.',
  ],
  disableForce: ['Disable all the same', 'Vẫn tắt'],
  noWorkers: ['No worker has reported yet.', 'Chưa có máy chủ nào báo về.'],
  noWorkersLead: [
    'A worker appears here within seconds of its start. If it does not: its CONTROL_PLANE_API_BASE must lead here, and WORKER_CLUSTER_TOKEN must be the same on both sides.',
    'Máy chủ sẽ hiện ở đây vài giây sau khi khởi động. Nếu không: kiểm tra CONTROL_PLANE_API_BASE và WORKER_CLUSTER_TOKEN hai bên phải khớp.',
  ],
  reconcileNow: ['Reconcile now', 'Reconcile now · dọn phiên cũ'],
  reconcileRunning: ['Looking…', 'Đang kiểm tra…'],
  reconcileDone: ['Reconciled at {time}', 'Đã dọn lúc {time}'],
  rcScanned: ['Dispatches looked at', 'Phiên đã kiểm tra'],
  rcCleaned: ['Cleaned', 'Đã dọn'],
  rcMalformed: ['Malformed', 'Sai cấu trúc'],
  rcStale: ['Stale without session', 'Cũ, không còn phiên'],
  rcCounters: ['Session counters fixed', 'Bộ đếm đã sửa'],
  rcAffinity: ['Exam affinity fixed', 'Gắn máy chủ đã sửa'],
  sessions: ['Students at work', 'Thí sinh đang thi'],
  noSessions: ['Nobody is at a desktop now.', 'Hiện không có ai đang thi.'],
  student: ['Student', 'Thí sinh'],
  exam: ['Exam', 'Kỳ thi'],
  since: ['Since', 'Từ lúc'],
  sinceAgo: ['{ago} ago', '{ago} trước'],
  watch: ['Watch', 'Xem'],
  watchNamed: ['Watch the screen of {name}', 'Xem màn hình của {name}'],
  watchOf: ['{name} · exam {exam}', '{name} · kỳ thi {exam}'],
  watchOnly: ['Watching only. This is noted.', 'Chỉ xem. Việc xem được ghi lại.'],
  watchLabel: ['The student’s screen, to look at only.', 'Màn hình của thí sinh, chỉ để xem.'],
  watchOpening: ['Opening…', 'Đang mở…'],
  watchLeave: ['Stop watching', 'Thôi xem'],
  watchLost: ['The connection was lost. It comes back by itself.', 'Mất kết nối. Trang sẽ tự kết nối lại.'],
  watchOver: ['This session is over.', 'Phiên thi này đã kết thúc.'],
  watchFull: [
    'Four others watch this desktop already. It opens when one leaves.',
    'Đã có bốn người xem máy này. Trang sẽ mở khi có người rời đi.',
  ],
  watchRefused: [
    'The worker did not let you watch. Log in again; if it stays, the worker may be of an older version.',
    'Máy chủ không cho xem. Hãy đăng nhập lại; nếu vẫn lỗi, có thể máy chủ là bản cũ.',
  ],
  playName: ['Recording of a session', 'Bản ghi phiên thi'],
  playLead: [
    'Choose a file that ./status.sh recording export has written. It is played in this browser and sent nowhere.',
    'Chọn tệp do ./status.sh recording export tạo ra. Tệp chỉ phát trong trình duyệt này, không gửi đi đâu.',
  ],
  playFile: ['Recording (.guac)', 'Bản ghi (.guac)'],
  play: ['Play', 'Phát'],
  pause: ['Pause', 'Dừng'],
  playPosition: ['Position in the recording', 'Vị trí trong bản ghi'],
  playBroken: ['This file is no recording, or it is damaged.', 'Tệp này không phải bản ghi hoặc đã hỏng.'],
  newExam: ['New exam', 'Kỳ thi mới'],
  editExam: ['Edit exam', 'Sửa kỳ thi'],
  edit: ['Edit', 'Sửa'],
  remove: ['Delete', 'Xóa'],
  editNamed: ['Edit {name}', 'Sửa {name}'],
  removeNamed: ['Delete {name}', 'Xóa {name}'],
  removeTitle: ['Delete {name}?', 'Xóa {name}?'],
  removeLead: ['This cannot be undone.', 'Không thể hoàn tác.'],
  examName: ['Name', 'Tên'],
  description: ['Description', 'Mô tả'],
  startTime: ['Starts', 'Bắt đầu'],
  endTime: ['Ends', 'Kết thúc'],
  isActive: ['Students can see and start it', 'Thí sinh thấy và vào được'],
  noExamsAdmin: ['There is no exam yet.', 'Chưa có kỳ thi nào.'],
  capacityLine: ['Warm desktops: {warm} · students in: {active}', 'Máy sẵn sàng: {warm} · thí sinh đang thi: {active}'],
  prewarm: ['Prewarm', 'Prewarm · làm nóng'],
  prewarmCount: ['Desktops to warm for {name}', 'Số máy làm nóng cho {name}'],
  prewarmRunning: ['Asking the workers…', 'Đang gửi tới các máy chủ…'],
  pwRequested: ['Requested', 'Yêu cầu'],
  pwCreated: ['Created', 'Đã tạo'],
  pwFailed: ['Failed', 'Lỗi'],
  pwAvailable: ['Ready now', 'Sẵn sàng'],
  prewarmNote: [
    '“Created” are made or under way. The workers go on filling; the line above follows them.',
    '“Đã tạo” gồm cả máy đang tạo. Máy chủ tiếp tục làm; dòng phía trên cập nhật theo.',
  ],
  no_free_worker: [
    'No worker can take desktops now: none is healthy, enabled, ready and has a free slot.',
    'Không máy chủ nào nhận được máy lúc này: cần máy chủ hoạt động tốt, đang bật, sẵn sàng và còn chỗ.',
  ],
  exam_in_use: [
    'Students sit in this exam. Let them hand in first, or make it inactive.',
    'Đang có thí sinh trong kỳ thi. Hãy để họ nộp bài trước, hoặc đóng kỳ thi.',
  ],
  worker_has_sessions: ['Sessions run on this worker.', 'Có phiên đang chạy trên máy chủ này.'],
  invalid_body: ['Please check: {message}', 'Hãy kiểm tra lại: {message}'],
  accessCodeShort: ['Code', 'Mã'],
} as const satisfies Record<string, readonly [english: string, vietnamese: string]>;

export type TextKey = keyof typeof texts;
export type Language = 'en' | 'vi';

export function isTextKey(key: string): key is TextKey {
  return Object.hasOwn(texts, key);
}

export function textOf(language: Language, key: TextKey, fill: Readonly<Record<string, string | number>> = {}): string {
  const text: string = texts[key][language === 'vi' ? 1 : 0];
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(fill[name] ?? whole));
}

/** The first language of the browser that we speak. */
export function preferred(languages: readonly string[]): Language {
  for (const language of languages) {
    if (language.toLowerCase().startsWith('vi')) return 'vi';
    if (language.toLowerCase().startsWith('en')) return 'en';
  }
  return 'en';
}
