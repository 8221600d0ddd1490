import { chromium } from "playwright-core";
import { TestServer, fixed } from "./support/server.js";
import { busyMatrix, status } from "./support/answers.js";
const server = new TestServer(); await server.start();
server.answers = fixed(status(), busyMatrix(16,300));
const b = await chromium.launch({executablePath:"/usr/bin/chromium",headless:true,args:["--no-sandbox","--disable-gpu"]});
for (const [w,h,touch] of [[400,860,1],[360,640,1],[844,390,1],[1024,768,1],[1280,760,0]]) {
const c = await b.newContext({viewport:{width:w,height:h},...(touch?{hasTouch:true,isMobile:true}:{}),deviceScaleFactor:touch?2:1});
const p = await c.newPage(); await p.goto(server.url); await p.waitForSelector("#legend .ramp"); await p.waitForTimeout(500);
console.log(w,h,await p.evaluate(()=>[matchMedia("(pointer: coarse)").matches, matchMedia("(any-pointer: coarse)").matches, matchMedia("(any-pointer: fine)").matches, document.documentElement.scrollHeight, document.documentElement.scrollWidth, Math.round(document.getElementById("picture").getBoundingClientRect().top)]).then(String));
await p.screenshot({path:`/tmp/s-${w}.png`}); console.log(await p.evaluate(()=>[...document.querySelectorAll("body *")].filter(e=>e.getBoundingClientRect().right>innerWidth+1).map(e=>e.tagName+"#"+e.id+"."+e.className+Math.round(e.getBoundingClientRect().right)).join(" ").slice(0,600)));if(w==400){await p.screenshot({path:"/tmp/s-full.png",fullPage:true}); await p.locator("#help-open").tap(); await p.waitForTimeout(200); await p.screenshot({path:"/tmp/s-help.png"});}
await c.close(); }
await b.close(); await server.stop();
